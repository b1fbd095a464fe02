// Runs jsii's kernel (its path is the only argument) with two changes to what is around it:
//
// 1. `require("@cdktf/provider-…")` finds lib/lazy-index.js, which every provider ships beside the eager
//    lib/index.js: 20 ms instead of 2 s for AWS.
// 2. The process ends after jsii's background workers. They write an index into jsii's package cache without
//    which every start parses all of a provider's types (130 MB for AWS). jsii means to wait for them, but
//    leaves with process.exit(), which does not; so an app faster than the index never gets one.
//
// A .cjs file, and modules compiled by hand, because a package.json with "type": "module" in any directory
// above would turn jsii's .js files into another kind of module.
"use strict";

const fs = require("fs");
const Module = require("module");
const path = require("path");
const workerThreads = require("worker_threads");

const PROVIDER = /^@cdkt[fn]\/provider-[a-z0-9-]+$/;
const EAGER_INDEX = path.join("lib", "index.js");

const program = process.argv[2];

function preferLazyIndex() {
  const resolve = Module._resolveFilename;
  Module._resolveFilename = function (request, ...rest) {
    const file = resolve.call(this, request, ...rest);
    if (!PROVIDER.test(request) || !file.endsWith(EAGER_INDEX)) return file;
    const lazy = path.join(path.dirname(file), "lazy-index.js");
    return fs.existsSync(lazy) ? lazy : file;
  };
}

function exitAfterWorkers() {
  const { Worker } = workerThreads;
  const exit = process.exit.bind(process);
  const busy = new Set();
  let leaving;

  // jsii names the worker's file as its own build lays it out; the Python package has it beside the program.
  const embedded = (file) => path.join(path.dirname(program), `lib__${path.basename(file)}`);

  workerThreads.Worker = class extends Worker {
    constructor(file, options) {
      super(fs.readFileSync(embedded(file), "utf8"), { ...options, eval: true });
      busy.add(this);
      this.once("exit", () => {
        busy.delete(this);
        if (leaving && busy.size === 0) exit(leaving.code);
      });
    }
  };

  process.exit = (code) => {
    if (busy.size === 0) exit(code);
    leaving = { code };
  };
}

preferLazyIndex();
exitAfterWorkers();

const kernel = new Module(program);
kernel.filename = program;
kernel._compile(fs.readFileSync(program, "utf8"), program);
