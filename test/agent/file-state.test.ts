import { describe, expect, it } from "vitest";
import { FileStates } from "../../src/agent/file-state.ts";

const bytes = (text: string) => Buffer.from(text);

describe("what an agent has read", () => {
  it("is nothing at first, then this content, until the content is another", () => {
    const files = new FileStates();
    expect(files.acquaintance("a", bytes("1"))).toBe("unread");
    files.saw("a", bytes("1"));
    expect(files.acquaintance("a", bytes("1"))).toBe("read");
    expect(files.acquaintance("a", bytes("2"))).toBe("changed");
    files.forget("a");
    expect(files.acquaintance("a", bytes("1"))).toBe("unread");
  });

  it("becomes the whole file once every line was seen, in any order", () => {
    const files = new FileStates();
    for (const lines of [
      [7, 10],
      [1, 3],
    ] as const)
      files.sawLines("a", bytes("x"), lines, 10);
    expect(files.acquaintance("a", bytes("x"))).toBe("read_in_part");
    files.sawLines("a", bytes("x"), [4, 6], 10);
    expect(files.acquaintance("a", bytes("x"))).toBe("read");
    files.sawLines("a", bytes("x"), [2, 2], 10);
    expect(files.acquaintance("a", bytes("x"))).toBe("read");
  });

  it("counts parts of one content only", () => {
    const files = new FileStates();
    files.sawLines("a", bytes("x"), [1, 5], 10);
    files.sawLines("a", bytes("y"), [6, 10], 10);
    expect(files.acquaintance("a", bytes("y"))).toBe("read_in_part");
  });

  it("is a subagent's own after the copy", () => {
    const parent = new FileStates();
    parent.saw("a", bytes("1"));
    const child = parent.copy();
    child.saw("b", bytes("1"));
    expect([child.paths(), parent.paths()]).toEqual([["a", "b"], ["a"]]);
  });

  it("follows a file, and a folder, to its new name", () => {
    const files = new FileStates();
    for (const path of ["a", "d/x", "dd/x"]) files.saw(path, bytes(path));
    files.moved("a", "b");
    files.moved("d", "e");
    expect([...files.paths()].sort()).toEqual(["b", "dd/x", "e/x"]);
  });

  it("comes back from its text, and from any other text as nothing", () => {
    const files = new FileStates();
    files.saw("a", bytes("1"));
    files.sawLines("b", bytes("1"), [2, 3], 9);
    const back = FileStates.fromJson(JSON.parse(JSON.stringify(files.toJson())));
    expect(back.toJson()).toEqual(files.toJson());
    for (const wrong of [
      null,
      [],
      1,
      "x",
      { a: 1 },
      { a: { hash: 1 } },
      { a: { hash: "", parts: [1] } },
    ])
      expect(FileStates.fromJson(wrong).paths()).toEqual([]);
  });

  it("is bounded", () => {
    const files = new FileStates();
    for (let number = 0; number < 10_010; number += 1) files.saw(`f${number}`, bytes(""));
    expect([files.paths().length, files.paths()[0]]).toEqual([10_000, "f10"]);
    for (let line = 1; line < 1000; line += 2)
      files.sawLines("parts", bytes("x"), [line, line], 1000);
    expect(JSON.stringify(files.toJson()).length).toBeLessThan(700_000);
  });
});
