/** `declare_plan`: the one outcome of whoever plans. What is wrong with a plan goes back to it, a few times. */
import { type Tool, tool } from "../agent/tool.ts";
import type { PlanFile } from "../core/plan.ts";
import { type Problem, problemLine } from "../core/problem.ts";
import { type Declaration, declarationShape, declaredPlan } from "./declaration.ts";
import { type DisjointPlan, disjointPlan } from "./disjoint-plan.ts";

export interface Declaring {
  declare(declaration: Declaration): "accepted" | readonly Problem[];
  readonly accepted: DisjointPlan | undefined;
  /** Of the last plan that was wrong. */
  readonly problems: readonly Problem[];
  /** It has had its tries. */
  readonly isOver: boolean;
}

/** How often problems go back. */
const returnsMax = 3;
const problemsToldMax = 30;

export function declaring(
  goal: string,
  facts: {
    readonly problemsOf: (plan: PlanFile) => readonly Problem[];
    readonly files: readonly string[];
  },
): Declaring {
  let accepted: DisjointPlan | undefined;
  let problems: readonly Problem[] = [];
  let refusals = 0;
  return {
    declare: (declaration) => {
      const plan = declaredPlan(goal, declaration);
      problems = facts.problemsOf(plan);
      if (problems.length > 0) {
        refusals += 1;
        return problems;
      }
      accepted = disjointPlan(plan, facts.files);
      return "accepted";
    },
    get accepted() {
      return accepted;
    },
    get problems() {
      return problems;
    },
    get isOver() {
      return accepted === undefined && refusals > returnsMax;
    },
  };
}

export function declareTool(declared: Declaring): Tool {
  return tool({
    name: "declare_plan",
    description:
      "Declares the plan and ends your work. Units should own separate files; those that would share one are joined or put one after the other, and what is wrong is told to you.",
    shape: declarationShape,
    effect: "changes",
    call: async (declaration) => {
      const answer = declared.declare(declaration);
      if (answer === "accepted" || declared.isOver) return { type: "finished", data: null };
      const lines = answer.slice(0, problemsToldMax).map((problem) => `- ${problemLine(problem)}`);
      const rest = answer.length - lines.length;
      const more = rest > 0 ? [`- and ${rest} more`] : [];
      const text = ["The plan is wrong; declare it again:", ...lines, ...more].join("\n");
      return { type: "failed", text };
    },
  });
}
