//! The load generator `wrk`, and what it prints.

use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::tool::Tool;

const CONNECTIONS: u32 = 32;
const THREADS: &str = "-t2";

/// Where to send requests, and with what headers.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) url: String,
    pub(super) headers: Vec<String>,
}

/// What one run of `wrk` came to. Times in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Load {
    pub(super) per_second: f64,
    pub(super) p50: f64,
    pub(super) p99: f64,
}

/// Sends requests to `target` for so many seconds; fails if not all were answered with success.
pub(super) async fn load(target: &Target, seconds: u32, log: &Path) -> Result<Load> {
    run(target, (CONNECTIONS, seconds), &[], log).await
}

/// As [`load`], over so many connections, with requests that `script` makes.
pub(super) async fn load_script(
    target: &Target,
    script: &Path,
    (connections, seconds): (u32, u32),
    log: &Path,
) -> Result<Load> {
    let script = script.to_string_lossy();
    run(target, (connections, seconds), &["-s", &script], log).await
}

async fn run(
    target: &Target,
    (connections, seconds): (u32, u32),
    more: &[&str],
    log: &Path,
) -> Result<Load> {
    let (connections, duration) = (format!("-c{connections}"), format!("-d{seconds}s"));
    let mut args = vec![THREADS, &connections, &duration, "--latency"];
    args.extend(more);
    for header in &target.headers {
        args.extend(["-H", header]);
    }
    args.push(&target.url);
    let printed = Tool::new("wrk", log).args(&args).run().await?;
    parse(&printed).with_context(|| format!("{}: {printed}", target.url))
}

fn parse(printed: &str) -> Result<Load> {
    let value = |name: &str| {
        let mut lines = printed.lines().map(str::trim_start);
        lines.find_map(|it| it.strip_prefix(name)).map(str::trim)
    };
    if let Some(refused) = value("Non-2xx or 3xx responses:") {
        bail!("{refused} answers were refusals");
    }
    if let Some(broken) = value("Socket errors:") {
        bail!("connections broke: {broken}");
    }
    Ok(Load {
        per_second: value("Requests/sec:").context("no requests per second")?.parse()?,
        p50: milliseconds(value("50%").context("no median")?)?,
        p99: milliseconds(value("99%").context("no p99")?)?,
    })
}

fn milliseconds(text: &str) -> Result<f64> {
    let number = text.trim_end_matches(char::is_alphabetic);
    let factor = match text.get(number.len()..).unwrap_or_default() {
        "us" => 0.001,
        "ms" => 1.0,
        "s" => 1000.0,
        "m" => 60_000.0,
        unit => bail!("`{unit}` is no unit of time"),
    };
    Ok(number.parse::<f64>().with_context(|| format!("`{text}` is no time"))? * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = "Running 10s test @ http://127.0.0.1:20000/\n  \
        2 threads and 32 connections\n  \
        Thread Stats   Avg      Stdev     Max   +/- Stdev\n    \
        Latency     3.11ms    1.20ms  31.05ms   90.12%\n    \
        Req/Sec     5.20k   321.10     6.01k    71.00%\n  \
        Latency Distribution\n     \
        50%  500.00us\n     75%    3.51ms\n     90%    4.20ms\n     99%    1.25s \n  \
        103512 requests in 10.01s, 45.60MB read\n\
        Requests/sec:  10341.67\nTransfer/sec:      4.56MB\n";

    #[test]
    fn what_wrk_prints_is_understood() {
        let load = parse(PRINTED).unwrap();
        assert_eq!(load, Load { per_second: 10341.67, p50: 0.5, p99: 1250.0 });
    }

    #[test]
    fn a_run_with_refusals_or_broken_connections_counts_for_nothing() {
        for fault in
            ["Non-2xx or 3xx responses: 12", "Socket errors: connect 0, read 3, write 0, timeout 0"]
        {
            let printed = PRINTED.replace("Requests/sec:", &format!("  {fault}\nRequests/sec:"));
            assert!(parse(&printed).is_err());
        }
    }
}
