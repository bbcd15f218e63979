#!/usr/bin/env python3
"""Reads an archive of captures on Apache Spark: spantop cuts it into units, executors run spantop on them, and what comes of them is put
together to the report that one machine would give, and to tables in Parquet. See docs/archive.md.

    spark-submit archive.py --spantop /usr/bin/spantop --report report.json --out /data/archive /captures/*.pcap

Captures are named as all machines see them (a shared file system). Names with a scheme (hdfs://, s3a://) are read by Spark, whole, and go to the
executors' disks for as long as they are read there.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

# Tables of a report: member, name of its kind where it has several, columns that tell rows apart, columns that are added.
AMOUNT = ["packets", "wire_bytes"]
PAIR = AMOUNT + ["packets_ab", "wire_bytes_ab", "packets_ba", "wire_bytes_ba"]
HOST = AMOUNT + ["tx_packets", "tx_wire_bytes", "rx_packets", "rx_wire_bytes"]
TABLES = {
    "intervals": (["start"], AMOUNT),
    "protocols": (["path"], AMOUNT),
    "vlans": (["id"], AMOUNT),
    "conversations": (["kind", "a", "a_port", "b", "b_port"], PAIR),
    "endpoints": (["kind", "address", "port"], HOST),
}
TEXT = {"start", "path", "kind", "a", "b", "address"}
# As the probes write Parquet. Spark would take Snappy, whose library does not load on every system that has musl beside its C library.
CODEC = "zstd"


# What the program ends with where captures that could not be read were left out; the report names them.
LEFT_OUT = 4


def ran(command, lines, fine=(0, LEFT_OUT)):
    """Runs spantop over lines of text; how it ended. What it says is what the task fails with."""
    done = subprocess.run(command, input="\n".join(lines), encoding="utf-8", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode not in fine:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done


def spantop(command, lines, fine=(0, LEFT_OUT)):
    """The same; the lines it writes."""
    out = ran(command, lines, fine).stdout
    # Nothing but a line feed ends a line: names of files may hold anything else.
    return out.removesuffix("\n").split("\n") if out else []


def merged(binary, lines):
    """One summary of many; none of none."""
    lines = list(lines)
    return spantop([binary, "archive", "merge", "--format", "summary"], lines) if lines else []


def fetched(binary, options, plan, name, content):
    """Reads a capture that Spark has fetched. Its summary names it as it was named."""
    with tempfile.NamedTemporaryFile(prefix="spantop-", suffix=os.path.basename(name)) as file:
        file.write(content)
        file.flush()
        # Of what is no capture there is a line all the same, which says so.
        units = spantop([binary, "archive", "plan", "--unit", "1024GiB", *plan, file.name], [], (0, 1, LEFT_OUT))
        lines = spantop([binary, "archive", "run", *options], units, (0, 1, LEFT_OUT))
        # As a name, and within a report that is text in a summary.
        short, quoted = file.name, json.dumps(name, ensure_ascii=False)[1:-1]
        twice = json.dumps(quoted, ensure_ascii=False)[1:-1]
        return [line.replace(f'\\"{short}\\"', f'\\"{twice}\\"').replace(short, quoted) for line in lines]


def rows(summary):
    """Rows of all tables of a summary: table, values of the key, sums."""
    numbers = json.loads(summary)["numbers"]
    found = [("intervals", None, numbers.get("load", {}).get("series", []))]
    found += [(table, None, numbers.get(table, [])) for table in ("protocols", "vlans")]
    for table in ("conversations", "endpoints"):
        found += [(table, kind, of) for kind, of in numbers.get(table, {}).items()]
    for table, kind, of in found:
        key, sums = TABLES[table]
        for row in of:
            values = [kind if column == "kind" else row.get(column) for column in key]
            yield table, values + [row[column] for column in sums]


def write_tables(spark, summaries, out):
    """Tables of everything, added up by Spark, and sketches that can be merged further (hll_union)."""
    from pyspark.sql import functions as F
    from pyspark.sql.types import LongType, StringType, StructField, StructType

    found = summaries.flatMap(rows).persist()
    for table, (key, sums) in TABLES.items():
        types = [StructField(column, StringType() if column in TEXT else LongType()) for column in key + sums]
        of = found.filter(lambda row, table=table: row[0] == table).map(lambda row: row[1])
        frame = spark.createDataFrame(of, StructType(types)).groupBy(*key).agg(*[F.sum(column).alias(column) for column in sums])
        frame.write.mode("overwrite").option("compression", CODEC).parquet(f"{out}/{table}")
    hosts = spark.read.parquet(f"{out}/endpoints")
    sketches = hosts.groupBy("kind").agg(F.expr("hll_sketch_agg(address)").alias("addresses"), F.count("*").alias("rows"))
    sketches.write.mode("overwrite").option("compression", CODEC).parquet(f"{out}/sketches")
    found.unpersist()


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("captures", nargs="+", help="captures, as all machines see them, or hdfs://… and s3a://…")
    parser.add_argument("--spantop", default="spantop", help="the program, as all machines see it")
    parser.add_argument("--master", help="Spark's master, where spark-submit does not say it")
    parser.add_argument("--unit", default="128MiB", help="how large a unit is, about")
    parser.add_argument("--cut", default="auto", choices=["auto", "walk", "scan"], help="how places to cut are found")
    parser.add_argument("--copies", choices=["counted", "left-out"], help="what becomes of copies that the mirror made")
    parser.add_argument("--tasks", type=int, help="how many tasks [default: four a core, at most one a unit]")
    parser.add_argument("--option", action="append", default=[], help="an option of spantop archive run (--option=--interval=1m)")
    parser.add_argument("--report", help="where the report goes, JSON [default: standard output]")
    parser.add_argument("--out", help="where Parquet goes: summaries, intervals, protocols, vlans, conversations, endpoints, sketches")
    return parser.parse_args()


def main():
    from pyspark.sql import SparkSession

    args = arguments()
    builder = SparkSession.builder.appName("spantop archive")
    spark = (builder.master(args.master) if args.master else builder).getOrCreate()
    context = spark.sparkContext
    remote = [name for name in args.captures if "://" in name]
    # Executors do not stand where this program does.
    local = [os.path.abspath(name) for name in args.captures if "://" not in name]
    # Who has one capture of many does not know that there are others.
    counted = ["--copies", "counted"] if remote and len(args.captures) > 1 else []
    plan = ["--copies", args.copies] if args.copies else counted
    # One thread a task: Spark counts its cores.
    options = ["--threads", "1", "--quiet", *args.option]
    binary = args.spantop
    summaries = context.emptyRDD()
    if local:
        units = spantop([binary, "archive", "plan", "--unit", args.unit, "--cut", args.cut, *plan, *local], [])
        tasks = min(len(units), args.tasks or 4 * context.defaultParallelism)
        read = [binary, "archive", "run", *options]
        summaries = context.parallelize(units, tasks).mapPartitions(lambda lines: spantop(read, lines))
    if remote:
        files = context.binaryFiles(",".join(remote))
        summaries = summaries.union(files.flatMap(lambda file: fetched(binary, options, plan, *file)))
    if args.out:
        # On the disk they outlive executors: nothing is read twice but what was not written yet.
        frame = spark.createDataFrame(summaries.map(lambda line: (line,)), "summary string")
        frame.write.mode("overwrite").option("compression", CODEC).parquet(f"{args.out}/summaries")
        summaries = spark.read.parquet(f"{args.out}/summaries").rdd.map(lambda row: row.summary)
        write_tables(spark, summaries, args.out)
    halves = summaries.mapPartitions(lambda lines: merged(binary, lines)).collect()
    done = ran([binary, "archive", "merge", "--format", "json"], halves)
    report = done.stdout
    sys.stderr.write(done.stderr)
    spark.stop()
    if args.report:
        with open(args.report, "w", encoding="utf-8") as file:
            file.write(report)
    else:
        sys.stdout.write(report)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
