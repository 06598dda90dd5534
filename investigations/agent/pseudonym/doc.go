// Package pseudonym puts stand-ins in place of a site's names before a text leaves for a model, and the names back into
// what the model wrote: "gateway-zxthbd6kg-tcr7d" of the deployment gateway becomes "app-1-rs1-p1".
//
// A Book knows the names of one investigation: those of workloads, their revisions, pods, containers, namespaces, nodes
// (by all that they are known by), clusters, images and registries (tags stay), ConfigMaps, claims and volumes, service
// accounts, autoscalers and quotas, GitOps objects, the values of labels, commands of processes, IP addresses, DNS names
// and mail addresses in texts, ids of containers and pods, and the modules and packages of profiled functions. It knows
// nothing of models, and takes out no secrets: that is redact's, before.
//
// The same word has the same stand-in everywhere, whatever it names: a container that is called as its deployment is
// app-1 too. Names that are made of others stay so (a ReplicaSet is app-1-rs1, its pod app-1-rs1-p1, a StatefulSet's pod
// app-1-0). Ids become other ids of the same form, of which a cut one is the beginning. Names are found as whole tokens:
// no letter or digit precedes or follows, so that they are found in paths, quotations, images, cgroups, PromQL and in
// longer names that begin with them; the longest that fits counts. A name in other letters' case has the same stand-in
// with a mark ("~1") that says how it was written. Numbers are given in the order of importance, the target first, and
// none that the site itself uses after such a word.
//
// What stays: names without a letter; those of public.txt, which are the same everywhere and tell nothing of a site
// (default, redis, java, worker); tags, versions, numbers, times; names of environment variables and of keys; the last
// part of a function's package and its name; public packages; what is only a part of a longer word. Names that are
// ordinary words of our sentences (prose.txt: data, users), or of two letters or less, are replaced only where they stand
// as names: beside a slash, within quotes, behind an equals sign or behind the kind of an object; elsewhere the
// sentence would suffer.
package pseudonym
