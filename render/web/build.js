// Builds bundle.js from src/ and the viewer's shaders; `make web` runs it with the sources' hash as its argument.
import { readFileSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const [hash] = process.argv.slice(2);

// All materials bring their own shaders, so that those of three.js need not be shipped.
const lean = {
  name: "lean",
  setup(build) {
    build.onResolve({ filter: /^three$/ }, () => build.resolve("./node_modules/three/src/Three.js", { resolveDir: import.meta.dirname, kind: "import-statement" }));
    build.onLoad({ filter: /ShaderChunk\.js$/ }, () => ({ contents: "export const ShaderChunk = {};" }));
  },
};

const { version } = JSON.parse(readFileSync("node_modules/three/package.json", "utf8"));
const licence = readFileSync("node_modules/three/LICENSE", "utf8").trim();
writeFileSync("three-LICENSE.txt", `bundle.js contains parts of three.js ${version}, https://threejs.org\n\n${licence}\n`);

const { outputFiles } = await build({
  entryPoints: ["src/main.js"], bundle: true, minify: true, format: "iife", globalName: "Avatarium", target: "es2022", legalComments: "none",
  charset: "ascii", loader: { ".glsl": "text", ".css": "text" }, plugins: [lean], write: false, logLevel: "warning",
});
const banner = `/* sources ${hash} | contains parts of three.js ${version}, MIT licence, (c) 2010-2026 three.js authors: see three-LICENSE.txt */\n`;
writeFileSync("bundle.js", banner + outputFiles[0].text);
