// Package deliver brings what a node agent saw to the bot: POST {URL}/v1/kernel-reports, gzipped JSON, over a spool on
// disk. It owns the numbering of reports, the spool, the retries and the heartbeats; it must not know how the kernel log
// is read, what a cgroup is, or what is in a report beyond merging two of them. What it is given has passed redaction.
//
// Each report is delivered at least once, and the bot tells a repeated one by node, boot and number. A report is one file
// of the spool, named TIME-FIRST-LAST-BOOT.gz: the milliseconds since 1970 at which it came, the numbers of the reports
// that were merged into it (the last of which is its own), and the boot. It holds the body as it is sent. A file whose
// numbers lie within those of another one is a part of it that a crash left behind.
//
// The order is: reports younger than ten seconds, the oldest of them first; then a heartbeat that is due; then what has
// waited longer, the oldest first. Reports that wait and were never sent are merged into one, up to a size; a first one goes
// at once, and what follows it closely waits up to half a second, so that a thousand kills are not a thousand posts. What
// was sent once, or lay in the spool when the agent started, is sent as it is, for the bot may know it.
//
// # Reads
//
// Its spool folder, the token's file at each request, the file of the certificate authority where it changes, and
// CLOCK_BOOTTIME.
//
// # Cannot see
//
// Whether the bot kept what it took with a 2xx. What was in memory alone when the agent was killed, while the disk was full
// or read-only; a fault says so at the time.
//
// # Permissions
//
// Writing its spool folder, and reaching the bot. The token is what the bot's TokenReview, or its shared token, accepts.
//
// # Cost
//
// 64 MiB of disk and 10,000 reports at most, 4 MiB of memory for what waits there, one connection, and while nothing
// happens one small request every 15 seconds.
package deliver
