import { getSearch, getSparql, postSparql, tasksByTechnology } from "./made";
import { client } from "./made/client.gen";

declare const process: { argv: string[] };

async function ask(url: string, count: string, wrong: string, technology: string): Promise<void> {
  client.setConfig({ baseUrl: url });
  const asked = await getSparql({ query: { query: count } });
  const posted = await postSparql({ body: { query: count } });
  const rows = await tasksByTechnology({ query: { technology: [technology], limit: 1000 } });
  const refused = await getSparql({ query: { query: wrong } });
  const unknown = await tasksByTechnology({ query: { technology: ["no such thing"] } });
  const found = await getSearch({ query: { q: "rocket" } });
  console.log(JSON.stringify({
    asked: asked.data,
    posted: posted.data,
    words: rows.data?.results.bindings.map((row) => row.words?.value),
    refused: refused.error,
    unknown: unknown.error,
    found: found.response?.status,
  }));
}

const [url = "", count = "", wrong = "", technology = ""] = process.argv.slice(2);
void ask(url, count, wrong, technology);
