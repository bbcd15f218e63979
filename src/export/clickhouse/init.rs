//! What `spantop fleet init` prints: the statements that make a database, as numbered steps each of which may be run again, and the users that write
//! to it and read from it with no more rights than that takes.

use super::batches::all_tables;
use super::schema;

/// A database that is to be made.
#[derive(Debug, Clone, Copy)]
pub struct DatabasePlan<'a> {
    /// Its name: letters, digits, underscores.
    pub database: &'a str,
    /// Days that conversations are kept, other rows ten times as long; `None`: for ever.
    pub keep_days: Option<u32>,
    /// Days by table, before that.
    pub keep: &'a [(String, u32)],
    /// The cluster it spans, by its name in the servers' configuration.
    pub cluster: Option<&'a str>,
}

impl<'a> DatabasePlan<'a> {
    /// On one server, kept for ever.
    pub fn new(database: &'a str) -> Self {
        Self { database, keep_days: None, keep: &[], cluster: None }
    }

    fn days(&self, table: &str) -> Option<u32> {
        let named = self.keep.iter().find(|(name, _)| name == table).map(|(_, days)| *days);
        let usual = |days: u32| if table == "flows" { days } else { days.saturating_mul(10) };
        named.or(self.keep_days.map(usual))
    }

    fn on_cluster(&self) -> String {
        self.cluster.map(|cluster| format!(" ON CLUSTER {cluster}")).unwrap_or_default()
    }

    /// The table that rows lie in on each server.
    fn stored(&self, table: &str) -> String {
        format!("{}.{table}{}", self.database, if self.cluster.is_some() { "_local" } else { "" })
    }

    /// A statement that makes something, in this database: tables of each shard keep copies of each other where there is a cluster.
    fn here(&self, sql: &str, table: &str) -> String {
        let made = format!("EXISTS {}{}", self.stored(table), self.on_cluster());
        let sql = sql.replacen(&format!("EXISTS {table}"), &made, 1);
        let from = |sql: String, table: &str| sql.replace(&format!("\nFROM {table}"), &format!("\nFROM {}", self.stored(table)));
        let sql = from(from(sql, "flows"), "probes");
        if self.cluster.is_none() {
            return sql;
        }
        let path = format!("('/clickhouse/tables/{{shard}}/{}/{table}', '{{replica}}')", self.database);
        ["ReplacingMergeTree", "AggregatingMergeTree"]
            .iter()
            .fold(sql, |sql, engine| sql.replace(&format!("ENGINE = {engine}()"), &format!("ENGINE = Replicated{engine}{path}")))
    }

    /// The table that is written to and read from, over all shards. All rows of a probe are on one: so a batch that comes twice meets itself.
    fn over_shards(&self, table: &str) -> Option<String> {
        let (cluster, database, on) = (self.cluster?, self.database, self.on_cluster());
        Some(format!(
            "CREATE TABLE IF NOT EXISTS {database}.{table}{on} AS {database}.{table}_local\nENGINE = Distributed({cluster}, {database}, {table}_local, cityHash64(site, probe))"
        ))
    }
}

/// The statements that make every table, in their order.
fn statements() -> Vec<(&'static str, String)> {
    let views = schema::VIEWS.iter().map(|(name, sql)| (*name, (*sql).to_owned()));
    all_tables().iter().map(|(table, columns)| (*table, schema::create(table, columns))).chain(views).collect()
}

/// The names of all tables that rows are written to.
pub fn table_names() -> Vec<&'static str> {
    all_tables().into_iter().map(|(table, _)| table).collect()
}

/// The statements as numbered steps.
pub fn migrations(plan: &DatabasePlan<'_>) -> String {
    let mut steps = vec![format!("CREATE DATABASE IF NOT EXISTS {}{}", plan.database, plan.on_cluster())];
    for (table, sql) in statements() {
        steps.push(plan.here(&sql, table));
        steps.extend(plan.over_shards(table));
    }
    for (table, _) in all_tables() {
        if let Some(days) = plan.days(table) {
            steps.push(format!("ALTER TABLE {}{} MODIFY TTL time + INTERVAL {days} DAY", plan.stored(table), plan.on_cluster()));
        }
    }
    let numbered = steps.iter().enumerate().map(|(at, sql)| format!("-- step {:04}\n{sql};\n", at + 1));
    numbered.collect::<Vec<_>>().join("\n")
}

/// Users of a current server, as statements: one that may only insert and ask for its own batches, one that may only read.
pub fn users_sql(plan: &DatabasePlan<'_>) -> String {
    let (database, on) = (plan.database, plan.on_cluster());
    let mut out = format!(
        "-- Put the SHA-256 of each password in the place of PASSWORD_…: printf %s 'the password' | sha256sum
CREATE SETTINGS PROFILE IF NOT EXISTS spantop_probe{on} SETTINGS max_execution_time = 60, max_memory_usage = 4000000000{};
CREATE SETTINGS PROFILE IF NOT EXISTS spantop_reader{on} SETTINGS readonly = 1, max_execution_time = 60, max_memory_usage = 8000000000, \
cancel_http_readonly_queries_on_client_close = 1;
CREATE USER IF NOT EXISTS spantop_probe{on} IDENTIFIED WITH sha256_hash BY 'PASSWORD_OF_PROBES' SETTINGS PROFILE 'spantop_probe';
CREATE USER IF NOT EXISTS spantop_reader{on} IDENTIFIED WITH sha256_hash BY 'PASSWORD_OF_READERS' SETTINGS PROFILE 'spantop_reader';
GRANT{on} SELECT ON {database}.* TO spantop_reader;\n",
        if plan.cluster.is_some() { ", distributed_foreground_insert = 1" } else { "" }
    );
    for (table, _) in all_tables() {
        // A batch whose answer was lost is asked for by its name before it is sent again.
        out += &format!("GRANT{on} INSERT, SELECT(time, batch) ON {database}.{table} TO spantop_probe;\n");
    }
    out
}

/// The same for servers whose users stand in files (before 20.4): a file for `users.d`. Such a server knows no right to insert alone: what can be
/// taken from the writer is other databases and changes of tables.
pub fn users_xml(plan: &DatabasePlan<'_>) -> String {
    let database = plan.database;
    let user = |name: &str, password: &str| {
        format!(
            "        <{name}>
            <password_sha256_hex>{password}</password_sha256_hex>
            <networks><ip>::/0</ip></networks>
            <profile>{name}</profile>
            <quota>default</quota>
            <allow_databases><database>{database}</database></allow_databases>
        </{name}>\n"
        )
    };
    let at_once = if plan.cluster.is_some() { "<insert_distributed_sync>1</insert_distributed_sync>" } else { "" };
    format!(
        "<!-- /etc/clickhouse-server/users.d/spantop.xml
     Put the SHA-256 of each password in the place of PASSWORD_…: printf %s 'the password' | sha256sum -->
<yandex>
    <profiles>
        <spantop_probe><allow_ddl>0</allow_ddl><max_execution_time>60</max_execution_time>\
<max_memory_usage>4000000000</max_memory_usage>{at_once}</spantop_probe>
        <spantop_reader><readonly>1</readonly><max_execution_time>60</max_execution_time>\
<max_memory_usage>8000000000</max_memory_usage></spantop_reader>
    </profiles>
    <users>
{}{}    </users>
</yandex>
",
        user("spantop_probe", "PASSWORD_OF_PROBES"),
        user("spantop_reader", "PASSWORD_OF_READERS")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_step_for_each_table_and_its_number() {
        let sql = migrations(&DatabasePlan::new("net"));
        let tables: Vec<_> = statements().into_iter().map(|(table, _)| table).collect();
        assert_eq!(tables.len(), 4 + crate::export::rows::TOLD.len() + schema::VIEWS.len(), "every token of the list names a table");
        for (at, table) in tables.iter().enumerate() {
            assert!(sql.contains(&format!("-- step {:04}\nCREATE ", at + 2)) && sql.contains(&format!("EXISTS net.{table}\n")), "{table}");
        }
        assert!(!sql.contains("TTL") && !sql.contains("CLUSTER") && sql.contains("FROM net.flows\n"));
    }

    #[test]
    fn a_cluster_has_what_lies_on_each_shard_and_what_is_over_them() {
        let keep = [("intervals".to_owned(), 90)];
        let sql = migrations(&DatabasePlan { cluster: Some("campus"), keep_days: Some(30), keep: &keep, ..DatabasePlan::new("net") });
        for wanted in [
            "CREATE DATABASE IF NOT EXISTS net ON CLUSTER campus;",
            "CREATE TABLE IF NOT EXISTS net.flows_local ON CLUSTER campus\n(",
            "ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/net/flows', '{replica}')",
            "ENGINE = Distributed(campus, net, flows_local, cityHash64(site, probe))",
            "CREATE MATERIALIZED VIEW IF NOT EXISTS net.flows_by_minute_local ON CLUSTER campus\n",
            "ENGINE = ReplicatedAggregatingMergeTree('/clickhouse/tables/{shard}/net/flows_by_hour', '{replica}')",
            "\nFROM net.flows_local\n",
            "ALTER TABLE net.flows_local ON CLUSTER campus MODIFY TTL time + INTERVAL 30 DAY;",
            "ALTER TABLE net.intervals_local ON CLUSTER campus MODIFY TTL time + INTERVAL 90 DAY;",
            "ALTER TABLE net.probes_local ON CLUSTER campus MODIFY TTL time + INTERVAL 300 DAY;",
        ] {
            assert!(sql.contains(wanted), "{wanted}\n{sql}");
        }
        assert!(!sql.contains("= ReplacingMergeTree()"));
    }
}
