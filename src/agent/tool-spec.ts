/** Tools as the model is told of them: always in the same order, since providers cache by prefix. */
import { z } from "zod";
import type { ToolSpec } from "../core/model.ts";
import type { Json } from "../core/plan.ts";
import { toolNames } from "../core/role.ts";
import type { Tool } from "./tool.ts";

const specs = new WeakMap<Tool["shape"], Json>();

export function toolSpecs(tools: readonly Tool[]): readonly ToolSpec[] {
  const parametersOf = (shape: Tool["shape"]): Json => {
    const known = specs.get(shape);
    if (known !== undefined) return known;
    const { $schema: _, ...made } = z.toJSONSchema(shape, { io: "input" });
    specs.set(shape, made as Json);
    return made as Json;
  };
  return [...tools]
    .sort((a, b) => toolNames.indexOf(a.name) - toolNames.indexOf(b.name))
    .map(({ name, description, shape }) => ({
      name,
      description,
      parameters: parametersOf(shape),
    }));
}
