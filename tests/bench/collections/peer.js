"use strict";
// The benchmarks' questions to DuckDB (npm install -g @duckdb/node-api), on as many threads:
// peer.js QUESTION ARGUMENT THREADS prints seconds, CPU seconds, peak bytes; nothing where it is not installed.
//
// Tables have the columns of peer.py's, whose values are drawn by a hash of the row instead: as many
// different ones, as evenly. OCTAVO_PEERS is as there.
const crypto = require("crypto");
const fs = require("fs");
const path = require("path");

const [question, argument, threads] = process.argv.slice(2);
const folder = process.env.OCTAVO_PEERS;
const key = crypto.createHash("sha256").update(["duckdb", question, argument, threads].join(" ")).digest("hex");
const answer = folder && path.join(folder, key);
if (answer && fs.existsSync(answer)) {
    console.log(fs.readFileSync(answer, "utf8"));
    process.exit(0);
}

// What npm installs for all is where npm looks itself, which node does not.
function installed(name) {
    const places = [path.join(path.dirname(process.execPath), "..", "lib", "node_modules"), "/usr/local/lib/node_modules"];
    try {
        return require(require.resolve(name, {paths: [__dirname, ...places]}));
    } catch {
        process.exit(0); // no peer here; whoever asked finds no figures
    }
}

const {DuckDBInstance} = installed("@duckdb/node-api");

const TIMES = 5; // as often as any of ours

const drawn = (rows) => `(select (h >> 33)::bigint as key, (h >> 11 & 4194303)::bigint as draw,
    (h >> 11) / 9007199254740992.0 as x, place from (select hash(range) as h, range as place from range(${rows})))`;

// The tables of memory.c, of questions.c, of series.c, and of joins.c, as statements that make them.
const table = (rows) => [`create table t as select key % 100 as few, key % 1000000 as many, x from ${drawn(rows)}`];
const ids = (rows) => {
    const many = Math.max(Math.floor(rows / 100), 1);
    return [`create table t as select printf('id%03d', key % 100) as id1, printf('id%03d', key // 100 % 100) as id2,
        printf('id%010d', key % ${many}) as id3, key // 7 % 100 as id4, key // 11 % 100 as id5,
        key // 13 % ${many} as id6, 1 + draw % 5 as v1, 1 + draw // 5 % 15 as v2, x * 100 as v3 from ${drawn(rows)}`];
};
const series = (rows) => [`create table t as select make_timestamp(place * 1000000) as moment, x from ${drawn(rows)}`];
const sides = (key) => (rows) => {
    const count = {small: 1000000, medium: 1000, text: 1000, large: 1}[key];
    const keys = (per) => Math.max(Math.floor(rows / per), 10);
    const id = `${Math.floor(keys(count) / 10)} + range * 7919 % ${keys(count)}`;
    return [`create table t as select key % ${keys(1000000)} as small, key // 7 % ${keys(1000)} as medium,
        place * 7919 % ${rows} as large, printf('id%010d', key // 7 % ${keys(1000)}) as text, x as v from ${drawn(rows)}`,
        `create table r as select ${key === "text" ? `printf('id%010d', ${id})` : id} as ${key}, range::double as w
        from range(${keys(count)})`];
};
const joined = (key, kind = "inner") => [sides(key), `select * from t ${kind} join r using (${key})`];

// What each is asked of, which is made before the clock starts, and what is asked.
const QUESTIONS = {
    csv_groupby: [null, `select passenger_count, avg(tip_amount / fare_amount) from read_csv('${argument}')
        where fare_amount > 0 group by passenger_count`],
    jsonl: [null, `select count(timestamp), count(open), count(high), count(low), count(close)
        from read_json('${argument}')`],
    groupby_100: [table, "select few, sum(x) from t group by few"],
    groupby_1m: [table, "select many, sum(x) from t group by many"],
    sort: [table, "select x from t order by x"],
    topk: [table, "select x from t order by x desc limit 100"],
    resample: [series, "select date_trunc('hour', moment), avg(x), max(x) from t group by 1"],
    rolling: [series, "select avg(x) over (order by moment rows 19 preceding) from t"],
    rolling_median: [series, "select median(x) over (order by moment rows 999 preceding) from t"],
    join_small: joined("small"),
    join_medium: joined("medium"),
    join_left: joined("medium", "left"),
    join_text: joined("text"),
    join_large: joined("large"),
    question_1: [ids, "select id1, sum(v1) from t group by id1"],
    question_2: [ids, "select id1, id2, sum(v1) from t group by id1, id2"],
    question_3: [ids, "select id3, sum(v1), avg(v3) from t group by id3"],
    question_4: [ids, "select id4, avg(v1), avg(v2), avg(v3) from t group by id4"],
    question_5: [ids, "select id6, sum(v1), sum(v2), sum(v3) from t group by id6"],
    question_6: [ids, "select id4, id5, quantile_cont(v3, 0.5), stddev(v3) from t group by id4, id5"],
    question_7: [ids, "select id3, max(v1) - min(v2) from t group by id3"],
    question_8: [ids, "select id6, unnest(max(v3, 2)) from t group by id6"],
    question_9: [ids, "select id2, id4, pow(corr(v1, v2), 2) from t group by id2, id4"],
    question_10: [ids, `select id1, id2, id3, id4, id5, id6, sum(v3), count(*)
        from t group by id1, id2, id3, id4, id5, id6`],
};

async function main() {
    const [make, query] = QUESTIONS[question];
    const database = await DuckDBInstance.create(":memory:", {threads});
    const connection = await database.connect();
    for (const statement of make ? make(Number(argument)) : [])
        await connection.run(statement);
    let least = Infinity, cpu = Infinity;
    for (let i = 0; i < TIMES; i++) {
        const begun = process.hrtime.bigint(), used = process.cpuUsage();
        await connection.run(`create temp table answer as ${query}`);
        const seconds = Number(process.hrtime.bigint() - begun) / 1e9, {user, system} = process.cpuUsage(used);
        least = Math.min(least, seconds);
        cpu = Math.min(cpu, (user + system) / 1e6);
        await connection.run("drop table answer");
    }
    const figures = `${least} ${cpu} ${process.resourceUsage().maxRSS * 1024}`;
    console.log(figures);
    if (answer)
        fs.writeFileSync(answer, figures);
}

main();
