// Package oombot is the guided tour of the module; it holds no code.
//
// Something in a Kubernetes cluster runs out of memory and dies. oombot reads the kernel log, the state of pods
// and nodes, rollouts, metrics, logs and heap profiles side by side, and says whose limit broke, who is the
// victim and who the culprit, why, what set it off, what to do, and what could not be seen.
//
// # From a kill to a verdict
//
// A recorded incident is a folder, which [github.com/oombot/oombot/tools/bundle] opens as an io/fs.FS that stays
// inside it. Its incident.yaml says what was killed and when: an investigations.Request.
//
// Six sources read their parts of it at the same time, each under a deadline of its own. None knows of another:
//
//   - [github.com/oombot/oombot/tools/kernlog] parses what the kernel said: the reports of the OOM killer
//   - [github.com/oombot/oombot/tools/pods] reads how containers ended, under which limits, beside whom
//   - [github.com/oombot/oombot/tools/rollouts] reads which change came when
//   - [github.com/oombot/oombot/tools/metrics] reads how memory developed
//   - [github.com/oombot/oombot/tools/logs] reads what the program itself said
//   - [github.com/oombot/oombot/tools/profiles] reads which functions hold memory
//
// Each answers with typed Evidence, with Facts that name where a person finds them, and with BlindSpots for what
// it could not see. [github.com/oombot/oombot/tools/toolstest] is the suite that holds all of them to that.
//
// [github.com/oombot/oombot/investigations] is the domain and the run: it merges the evidence, numbers the facts
// and asks the rules. It declares the interfaces that it needs and imports nothing else of the module.
//
// [github.com/oombot/oombot/investigations/rules] weighs every hypothesis, with the facts for and against it, and
// writes the verdict. It is pure: the same evidence gives the same verdict, byte for byte.
//
// [github.com/oombot/oombot/investigations/report] prints the result as text and as JSON, and
// [github.com/oombot/oombot/investigations/eval] compares it with a truth that a person wrote down.
//
// [github.com/oombot/oombot/cmd/oombot] joins them: flags, wiring, printing, one file a command.
// [github.com/oombot/oombot/cmd/oombot/config] reads its configuration.
//
// # In a running cluster
//
// [github.com/oombot/oombot/tools/live] finds the target (a pod that is gone, too) and the moment of the kill. Each
// source then has a second form, an investigations.LiveSource, which asks its system and writes down what it read as
// the files of a bundle, without the secrets ([github.com/oombot/oombot/investigations/redact]). The reader named above
// reads these from memory. `oombot collect` writes the same files into a folder, so that the verdict of a cluster and
// that of its bundle can't differ.
//
// [github.com/oombot/oombot/tools/kubeclient] reads the API server for all of them, [github.com/oombot/oombot/tools/loki]
// asks Loki, and [github.com/oombot/oombot/tools/endpoint] is how a service over HTTP is reached. What they may ask for
// stands in deploy/. `oombot doctor` has each source check itself.
//
// # From one incident to the next
//
// With a memory file, the run asks an investigations.Recaller for precedents once the rules have judged, and has them
// judge once more. [github.com/oombot/oombot/memory] compares incidents by how memory ran out, says whom to believe, and
// tells from later incidents what became of an earlier one's advice; its Keeper stores what came out.
//
// It works over a store, whose interfaces investigations declares. [github.com/oombot/oombot/memory/bolt] is one, in a file;
// [github.com/oombot/oombot/memory/memorytest] is the suite that every store passes, and a store in memory.
// [github.com/oombot/oombot/memory/file] opens the file whoever holds it: if another process does, through its
// [github.com/oombot/oombot/memory/socket].
//
// # With a model
//
// Once the rules have judged and their verdict is published, the run asks an investigations.Analyst, where there is one.
// [github.com/oombot/oombot/investigations/agent] is the one: it lays the case before a model, within budgets, and makes a
// verdict of what the model submits, or leaves that of the rules. Each part stands alone:
//
//   - [github.com/oombot/oombot/investigations/agent/openai] is the way to an endpoint: one request, one answer or fault
//   - [github.com/oombot/oombot/investigations/agent/functions] is what the model may ask further
//   - [github.com/oombot/oombot/investigations/agent/grounding] checks each sentence against the facts that it cites
//   - [github.com/oombot/oombot/investigations/agent/pseudonym] hides the names of a site from it
//   - [github.com/oombot/oombot/investigations/agent/transcript] records what was said, and gives it again
//   - [github.com/oombot/oombot/investigations/agent/modeltest] is a strict stand-in for an endpoint, for tests
//
// The rules judge anew under what the model supposes (investigations.Supposer), so that what follows from a cause is never
// the model's to say. `oombot ask` has the agent answer a question about a stored case under the same checks.
//
// # In Slack
//
// `oombot serve` turns all of that into a bot. [github.com/oombot/oombot/bot] has the words: an Event is what happened
// outside, an Incident what is known of one cause and its thread.
//
// [github.com/oombot/oombot/bot/slackio] hears Slack, over a socket or signed HTTP, and
// [github.com/oombot/oombot/bot/alerts] hears Alertmanager, Grafana and PagerDuty, and reads the posts of alert bots. Both
// write each Event to an investigations.Inbox, under a key that is the same each time it is delivered, and acknowledge it
// only then.
//
// [github.com/oombot/oombot/bot/desk] takes events from there. It looks up what an alert names, joins it to the incident
// that is open or opens one, lets investigations wait their turn, and compares verdicts to tell one cause from two. What it
// knows is on an investigations.Shelf before an event counts as dealt with; what it posts is marked in an
// investigations.WorkLog. So a crash at any point loses nothing and says nothing twice.
//
// [github.com/oombot/oombot/bot/card] draws an incident as the one message of its thread, and
// [github.com/oombot/oombot/bot/chart] its memory as a picture. A publisher for each channel edits what no longer shows what
// is known.
//
// [github.com/oombot/oombot/bot/slackfake] stands in for Slack in tests: a workspace with people, a page to look at it, and
// knobs for all that goes wrong. It knows nothing of the bot.
//
// # On the node
//
// `oombot agent` runs on each node. [github.com/oombot/oombot/tools/nodeagent] joins what it is made of, and brings together
// what the kernel log and the counters of cgroups tell of the same kill:
//
//   - [github.com/oombot/oombot/tools/nodeagent/follow] reads the kernel log as it grows, and says where records were lost
//   - [github.com/oombot/oombot/tools/nodeagent/recorder] samples each container's memory once a second into a ring, and
//     sees the counters of kills rise
//   - [github.com/oombot/oombot/tools/nodeagent/names] knows what the node's pods are called
//   - [github.com/oombot/oombot/tools/nodeagent/heap] reads a heap profile of a container that comes near its limit
//   - [github.com/oombot/oombot/tools/nodeagent/deliver] brings reports to the bot, over a spool on disk
//
// What it tells is an investigations.NodeReport. [github.com/oombot/oombot/bot/agents] takes it, and writes it into the ledger,
// [github.com/oombot/oombot/memory/nodes], before it makes an alert of each kill and acknowledges. The desk treats such an
// alert as any other; the investigation then finds in the ledger, an investigations.NodeLedger, what the kernel said, the
// minutes before, and that nothing else was said.
//
// # Around it
//
// [github.com/oombot/oombot/examples] holds incidents that the demo replays, and
// [github.com/oombot/oombot/examples/incidents] generates them, many kinds with any seed, without knowing the
// program that reads them. The test in internal/importtest keeps the arrows between packages as they are;
// internal/judgetest has tests judge incidents, and internal/goldentest compares with files that people have read. Tests
// against real components are modules of their own below e2e.
package oombot
