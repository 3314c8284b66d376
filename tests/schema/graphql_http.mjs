// npm's graphql-http audits of GraphQL over HTTP; one JSON line: [{id, name, status, reason}].
//
// node graphql_http.mjs '{"web", "url"}'
import { createRequire } from "node:module";
import { join } from "node:path";

const given = JSON.parse(process.argv[2]);
const { serverAudits } = createRequire(join(given.web, "package.json"))("graphql-http");
const outcomes = [];
for (const audit of serverAudits({ url: `${given.url}/graphql`, fetchFn: fetch })) {
  const { status, reason } = await audit.fn();
  outcomes.push({ id: audit.id, name: audit.name, status, reason: reason ?? null });
}
process.stdout.write(`${JSON.stringify(outcomes)}\n`);
process.exit(0);
