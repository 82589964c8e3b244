/** Tools as the model is told of them: always in the same order, since providers cache by prefix. */
import { z } from "zod";
import type { ToolSpec } from "../core/model.ts";
import type { Json } from "../core/plan.ts";
import { planningToolNames, type ToolName, toolNames } from "../core/role.ts";
import type { Tool } from "./tool.ts";

/** An agent's tools by name. */
type ToolMap = ReadonlyMap<string, Tool>;

const order: readonly ToolName[] = [...toolNames, ...planningToolNames];

const specs = new WeakMap<ToolMap, readonly ToolSpec[]>();
const parameters = new WeakMap<Tool["shape"], Json>();

/** The very same list for the same tools: what is made of it for a request is made once, and not at each turn. */
export function toolSpecs(tools: ToolMap): readonly ToolSpec[] {
  const known = specs.get(tools);
  if (known !== undefined) return known;
  const made = [...tools.values()]
    .sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name))
    .map(({ name, description, shape }) => {
      return { name, description, parameters: parametersOf(shape) };
    });
  specs.set(tools, made);
  return made;
}

function parametersOf(shape: Tool["shape"]): Json {
  const known = parameters.get(shape);
  if (known !== undefined) return known;
  const { $schema: _, ...made } = z.toJSONSchema(shape, { io: "input" });
  parameters.set(shape, made as Json);
  return made as Json;
}
