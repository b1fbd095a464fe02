// Runs jsii's kernel (its path is the only argument) with changes to what is around it:
//
// 1. `require("@cdktf/provider-…")` finds lib/lazy-index.js, which every provider ships beside the eager
//    lib/index.js: 20 ms instead of 2 s for AWS.
// 2. The process ends after jsii's background workers. They write an index into jsii's package cache without
//    which every start parses all of a provider's types (130 MB for AWS). jsii means to wait for them, but
//    leaves with process.exit(), which does not; so an app faster than the index never gets one.
// 3. What hardly anybody needs is made when somebody does: two packages that CDKTF imports (100 ms), and the text of
//    the stack trace that it takes for each token.
// 4. Tokens have a second name, which Python knows before the reply.
// 5. Packages are hashed, which finds them in jsii's cache, in larger pieces: 16 KB each cost more than the hash.
//
// A .cjs file, and modules compiled by hand, because a package.json with "type": "module" in any directory
// above would turn jsii's .js files into another kind of module.
"use strict";

const fs = require("fs");
const Module = require("module");
const path = require("path");
const workerThreads = require("worker_threads");

const PROVIDER = /^@cdkt[fn]\/provider-[a-z0-9-]+$/;
const CDKTF = /[\\/]cdktf[\\/]lib[\\/]/;
const RARELY_USED = new Set(["archiver", "semver"]);
const SOCKET = 3;
const REPLY_WITH_TOKEN = /^\{"ok":\{"(?:value|result)":"\$\{TfToken\[([^\]]+)\]\}"\}\}\n$/;
const STACK_TRACE = path.join("cdktf", "lib", "tokens", "private", "stack-trace.js");
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

// Something that becomes `make()` when anybody looks at it or calls it.
function later(make, target = () => {}) {
  let made;
  const get = () => (made ??= make());
  return new Proxy(target, new Proxy({}, { get: (_, trap) => (_, ...rest) => Reflect[trap](get(), ...rest) }));
}

function loadLaterWhatIsRarelyUsed() {
  const load = Module._load;
  Module._load = function (request, parent, ...rest) {
    const make = () => load.call(this, request, parent, ...rest);
    return RARELY_USED.has(request) && CDKTF.test(parent?.filename) ? later(make) : make();
  };
}

function writeStackTracesLater() {
  const load = Module._extensions[".js"];
  Module._extensions[".js"] = function (module, file) {
    load.call(this, module, file);
    if (file.endsWith(STACK_TRACE)) module.exports.captureStackTrace = stackTrace;
  };
}

// CDKTF keeps the lines of one for each token, for its error messages.
function stackTrace(below = stackTrace) {
  const trace = {};
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = Infinity;
  Error.captureStackTrace(trace, below);
  Error.stackTraceLimit = limit;
  const lines = () => trace.stack.split("\n").slice(1).map((line) => line.replace(/^\s*at\s+/, ""));
  return later(lines, []);
}

// A token that a reply consists of gets a second name, from the reply's number: so Python can pass it on without
// waiting for the reply. See foreseen.py.
function nameTokens() {
  const { writeSync } = fs;
  let replies = 0;
  fs.writeSync = function (fd, buffer, offset = 0, ...rest) {
    if (fd === SOCKET && offset === 0) {
      const [, name] = REPLY_WITH_TOKEN.exec(buffer.length < 200 ? buffer : "") ?? [];
      const tokens = global.__cdktfTokenMap?.stringTokenMap;
      if (tokens?.has(name)) tokens.set(`REPLY.${replies}`, tokens.get(name));
      replies += 1;
    }
    return writeSync.call(this, fd, buffer, offset, ...rest);
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
loadLaterWhatIsRarelyUsed();
writeStackTracesLater();
nameTokens();
exitAfterWorkers();

const kernel = new Module(program);
kernel.filename = program;
kernel._compile(fs.readFileSync(program, "utf8").replace("Buffer.alloc(16384)", "Buffer.allocUnsafe(65536)"), program);
