// The layers of ARCHITECTURE.md as rules: imports go to lower layers only. `npm run check` fails on the first that does not.
const order = [
  ["base"],
  ["protocol"],
  ["hub", "transport"], // the two do not import each other
  ["web", "connect"], // nor do these
  ["app"],
  ["cli"],
];

// The command line is a user of the package, and above its entry.
const entriesOf = { cli: ["(^|/)src/index[.]ts$"] };

const upward = order.flatMap((layers, index) =>
  layers.map((layer) => ({
    name: `${layer}-imports-lower-layers-only`,
    comment: `src/${layer} may import itself and the layers below it (ARCHITECTURE.md).`,
    severity: "error",
    from: { path: `(^|/)src/${layer}/` },
    to: {
      path: "(^|/)src/",
      pathNot: [
        ...[layer, ...order.slice(0, index).flat()].map((allowed) => `(^|/)src/${allowed}/`),
        ...(entriesOf[layer] ?? []),
      ],
    },
  })),
);

module.exports = {
  forbidden: [
    ...upward,
    {
      name: "testing-imports-no-cli",
      comment: "The test kit may import everything but the command line, and nothing imports the test kit.",
      severity: "error",
      from: { path: "(^|/)src/(?!testing/|cli/)" },
      to: { path: "(^|/)src/(testing|cli)/" },
    },
    {
      name: "cli-uses-the-entry-points",
      comment:
        "The command line sees the package as its users do: the application that it runs may come from another copy.",
      severity: "error",
      from: { path: "(^|/)src/cli/" },
      to: { path: "(^|/)src/", pathNot: "(^|/)src/(cli/|index[.]ts$)" },
    },
    {
      name: "client-runs-in-browsers",
      comment:
        "The client for browsers knows the base and the session protocol, which need no Node, and nothing from npm.",
      severity: "error",
      from: { path: "(^|/)src/client/" },
      to: { pathNot: "(^|/)src/(client|base|protocol/session)/" },
    },
    {
      name: "client-is-imported-by-testing-only",
      comment: "The server and the client for browsers share the protocol and nothing else.",
      severity: "error",
      from: { path: "(^|/)src/(?!client/|testing/)" },
      to: { path: "(^|/)src/client/" },
    },
    {
      name: "io-lives-in-transport",
      comment: "src/transport is the only home of sockets, servers, compression and timers.",
      severity: "error",
      from: { path: "(^|/)src/(base|protocol|hub|web|connect|app)/" },
      to: { path: "^(node:)?(http|https|http2|net|tls|zlib|dgram|timers)(/|$)" },
    },
    {
      name: "no-circular",
      comment: "Two modules that need each other at run time are one module, or three.",
      severity: "error",
      from: { path: "(^|/)src/" },
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "dependencies-are-declared",
      comment: "What src/ imports stands in package.json's dependencies.",
      severity: "error",
      from: { path: "(^|/)src/" },
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown", "unknown"], pathNot: "@types/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "types"] },
  },
};
