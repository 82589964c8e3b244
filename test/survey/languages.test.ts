/** What each language's imports mean, in small repositories written by hand: the whole graph of each. */
import { describe, expect, it } from "vitest";
import { edgeLines, surveyFiles } from "../support/surveyed.ts";

describe("TypeScript and JavaScript", () => {
  it("in every way that one file names another", async () => {
    const survey = await surveyFiles({
      "a.ts": `import d, { x as y, type T } from "./b.js";
import type { U } from "./b";
import { type V } from "./c/index";
export * from "./c";
export * as all from "./d.mjs";
export { default as e, f } from './e';
const later = () => import("./g");
let typed: import("./h").Deep.Name;
const { one, two: three } = require("./i.cjs");
require("./i.cjs").four;
import old = require("./j");
declare module "./k" { interface More {} }
/// <reference path="l.d.ts" />
// import "./no"; import("./no"); require("./no")
const text = 'import "./no"' + \`import "./no"\`;
`,
      "b.ts": "",
      "c/index.tsx": "",
      "d.mts": "",
      "e.jsx": "",
      "g.ts": "",
      "h.d.ts": "",
      "i.cjs": "exports.one = 1; module.exports.two = 2;\n",
      "j.js": "module.exports = { four: 4, five };\n",
      "k.ts": "",
      "l.d.ts": "",
      "no.ts": "",
    });
    expect(edgeLines(survey)).toEqual([
      "a.ts → b.ts static T,default,x",
      "a.ts → b.ts type U",
      "a.ts → c/index.tsx re-export *",
      "a.ts → c/index.tsx type V",
      "a.ts → d.mts re-export *",
      "a.ts → e.jsx re-export default,f",
      "a.ts → g.ts dynamic *",
      "a.ts → h.d.ts type Deep",
      "a.ts → i.cjs require four,one,two",
      "a.ts → j.js require *",
      "a.ts → k.ts type *",
      "a.ts → l.d.ts type *",
    ]);
    const offers = Object.fromEntries(survey.files.map((file) => [file.path, file.offers]));
    expect(offers).toMatchObject({
      "a.ts": ["all", "e", "f"],
      "i.cjs": ["one", "two"],
      "j.js": ["five", "four"],
    });
    expect(survey.notes).toEqual([]);
  });

  it("by the compiler's settings, through what they extend and refer to", async () => {
    const survey = await surveyFiles({
      "base.json":
        '{ "compilerOptions": { "paths": { "@lib/*": ["./lib/*"], "@lib/exact": ["./lib/b"] } } }',
      "tsconfig.json": '{ "extends": "./base.json", /* comments */ "compilerOptions": {}, }',
      "lib/a.ts": "",
      "lib/b.ts": "",
      "lib/own/tsconfig.json": '{ "files": [], "references": [{ "path": "./tsconfig.app.json" }] }',
      "lib/own/tsconfig.app.json":
        '{ "compilerOptions": { "baseUrl": "src", "paths": { "~/*": ["*"] } } }',
      "lib/own/src/main.ts": 'import "~/part";\nimport "plain/deep";\nimport "@lib/a";\n',
      "lib/own/src/part.ts": "",
      "lib/own/src/plain/deep.ts": "",
      "main.ts":
        'import "@lib/a";\nimport "@lib/exact";\nimport "@lib/none";\nimport "rxjs/operators";\n',
    });
    expect(edgeLines(survey)).toEqual([
      "lib/own/src/main.ts → lib/own/src/part.ts static",
      "lib/own/src/main.ts → lib/own/src/plain/deep.ts static",
      "main.ts → lib/a.ts static",
      "main.ts → lib/b.ts static",
    ]);
    const outside = Object.fromEntries(survey.files.map((file) => [file.path, file.outside]));
    expect(outside["main.ts"]).toEqual(["@lib/none", "rxjs"]);
    expect(outside["lib/own/src/main.ts"]).toEqual(["@lib/a"]);
  });

  it("by the packages of a workspace, whose entries are built and not in git", async () => {
    const survey = await surveyFiles({
      "package.json": '{ "workspaces": { "packages": ["packages/*"] } }',
      "pnpm-workspace.yaml": 'packages: ["tools/**"]\n',
      "packages/ui/package.json": JSON.stringify({
        name: "@my/ui",
        exports: {
          ".": { types: "./dist/index.d.ts", import: "./dist/index.mjs" },
          "./parts/*": "./dist/parts/*.js",
          "./hidden": null,
        },
        imports: { "#inner": "./src/inner.ts" },
      }),
      "packages/ui/src/index.ts": 'import "#inner";\nimport "@my/ui/parts/button";\n',
      "packages/ui/src/inner.ts": "",
      "packages/ui/src/parts/button.tsx": "",
      "packages/old/package.json":
        '{ "name": "old", "main": "lib/main.js", "types": "lib/main.d.ts" }',
      "packages/old/src/main.ts": "",
      "tools/deep/cli/package.json": '{ "name": "cli" }',
      "tools/deep/cli/index.js": 'import "@my/ui";\nimport "old";\nimport "@my/ui/hidden";\n',
      "fixtures/react/package.json": '{ "name": "react" }',
      "fixtures/react/index.js": 'import "react";\nimport "cli";\n',
    });
    expect(edgeLines(survey)).toEqual([
      "fixtures/react/index.js → tools/deep/cli/index.js static",
      "packages/ui/src/index.ts → packages/ui/src/inner.ts static",
      "packages/ui/src/index.ts → packages/ui/src/parts/button.tsx static",
      "tools/deep/cli/index.js → packages/old/src/main.ts static",
      "tools/deep/cli/index.js → packages/ui/src/index.ts static",
    ]);
    expect(survey.notes.map(({ about, paths }) => [about, paths])).toEqual([
      ["unresolved", ["tools/deep/cli/index.js"]],
    ]);
  });
});

describe("other languages", () => {
  it("Python: packages, modules, relative names, types and what is imported late", async () => {
    const survey = await surveyFiles({
      "src/app/__init__.py": "from .core import run\n",
      "src/app/core.py":
        "import os, app.util as u\nfrom app import util, missing\nfrom ..outside import x\nif TYPE_CHECKING:\n    from .models import Model\ndef run():\n    from . import late\n",
      "src/app/util.py": "LIMIT, rest = 1, 2\n_own: int = 3\nclass Box: pass\n",
      "src/app/models.py": "",
      "src/app/late.py": "",
      "tests/test_app.py": "import app\nfrom app.models import *\nimport helper\n",
      "tests/helper.py": "import json\n",
      "tests/json.py": "",
    });
    expect(edgeLines(survey)).toEqual([
      "src/app/__init__.py → src/app/core.py static run",
      "src/app/core.py → src/app/__init__.py static missing",
      "src/app/core.py → src/app/late.py dynamic *",
      "src/app/core.py → src/app/models.py type Model",
      "src/app/core.py → src/app/util.py static *",
      "tests/helper.py → tests/json.py static *",
      "tests/test_app.py → src/app/__init__.py static *",
      "tests/test_app.py → src/app/models.py static *",
      "tests/test_app.py → tests/helper.py static *",
    ]);
    const util = survey.files.find(({ path }) => path === "src/app/util.py");
    expect(util?.offers).toEqual(["Box", "LIMIT", "_own", "rest"]);
  });

  it("Go: the files of a package that declare what is used of it", async () => {
    const survey = await surveyFiles({
      "go.mod": "module example.com/app\n\ngo 1.22\n",
      "main.go":
        'package main\nimport (\n  "fmt"\n  st "example.com/app/store/v2"\n  _ "example.com/app/side"\n)\nfunc main() { fmt.Println(st.Open()); helper() }\n',
      "more.go": "package main\nfunc helper() {}\n",
      "main_test.go": "package main\nfunc check() { helper() }\n",
      "side/side.go": "package side\n",
      "store/v2/open.go": "package store\nfunc Open() Row { return Row{} }\n",
      "store/v2/row.go": "package store\ntype Row struct{}\n",
    });
    expect(edgeLines(survey)).toEqual([
      "main.go → more.go static helper",
      "main.go → side/side.go static",
      "main.go → store/v2/open.go static Open",
      "main_test.go → more.go static helper",
      "store/v2/open.go → store/v2/row.go static Row",
    ]);
  });

  it("Rust: modules in files of their own, paths through crates of a workspace", async () => {
    const survey = await surveyFiles({
      "app/Cargo.toml": '[package]\nname = "my-app"\n',
      "app/src/main.rs":
        "mod net;\nmod shapes { pub mod round; }\nuse my_lib::{Thing, deep::{self, Other}};\nfn main() { crate::net::tcp::open(); }\n",
      "app/src/net/mod.rs": "pub mod tcp;\nuse super::shapes::round::Circle;\n",
      "app/src/net/tcp.rs": "use super::*;\npub fn open() {}\n",
      "app/src/shapes/round.rs": "pub struct Circle;\n",
      "lib/Cargo.toml": '[package]\nname = "my-lib"\n[lib]\npath = "source/root.rs"\n',
      "lib/source/root.rs": '#[path = "odd.rs"]\nmod odd;\npub mod deep;\npub struct Thing;\n',
      "lib/source/odd.rs": "use std::io;\nuse crate::Thing;\n",
      "lib/source/deep.rs": "pub struct Other;\n",
    });
    expect(edgeLines(survey)).toEqual([
      "app/src/main.rs → app/src/net/mod.rs static *",
      "app/src/main.rs → app/src/net/tcp.rs static open",
      "app/src/main.rs → app/src/shapes/round.rs static *",
      "app/src/main.rs → lib/source/deep.rs static *,Other",
      "app/src/main.rs → lib/source/root.rs static Thing",
      "app/src/net/mod.rs → app/src/net/tcp.rs static *",
      "app/src/net/mod.rs → app/src/shapes/round.rs static Circle",
      "app/src/net/tcp.rs → app/src/net/mod.rs static *",
      "lib/source/odd.rs → lib/source/root.rs static Thing",
      "lib/source/root.rs → lib/source/deep.rs static *",
      "lib/source/root.rs → lib/source/odd.rs static *",
    ]);
  });

  it("Java: types by their full names, and those of the same package", async () => {
    const survey = await surveyFiles({
      "src/main/java/org/app/Main.java":
        "package org.app;\nimport java.util.List;\nimport org.app.model.*;\nimport static org.app.util.Text.join;\nclass Main { Helper h; User u = join(); }\n",
      "src/main/java/org/app/Helper.java": "package org.app;\npublic class Helper {}\n",
      "src/main/java/org/app/model/User.java":
        "package org.app.model;\npublic record User(int id) {}\n",
      "src/main/java/org/app/model/Role.java": "package org.app.model;\npublic enum Role { A }\n",
      "src/main/java/org/app/util/Text.java": "package org.app.util;\npublic class Text {}\n",
    });
    expect(edgeLines(survey)).toEqual([
      "src/main/java/org/app/Main.java → src/main/java/org/app/Helper.java static Helper",
      "src/main/java/org/app/Main.java → src/main/java/org/app/model/User.java static User",
      "src/main/java/org/app/Main.java → src/main/java/org/app/util/Text.java static Text",
    ]);
  });
});
