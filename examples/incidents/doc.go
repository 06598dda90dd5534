// Package incidents makes synthetic incident bundles that look like recorded ones: kernel logs of many kernel
// generations and transports, Kubernetes objects, metrics, logs and heap profiles that agree with each other,
// and a truth.yaml that says what an experienced on-call engineer would conclude from them.
//
// One kind of incident and one seed always give the same bytes. The bundles serve three purposes: to try
// diagnosis rules against incidents that their author did not choose, as the examples that this project ships,
// and as the load of benchmarks.
//
// The package knows the formats that it writes and nothing of the program that reads them: it imports no
// package of the diagnosis, so that both can be wrong only independently.
//
//	Kinds            the catalogue
//	Write            one bundle into a folder
//	scene            one incident being built: cluster, pods, lives of containers, kernel log
//	life             one run of a container, with its memory as curves over time
//	oomReport        one kernel report, printed as the platform's kernel prints it
package incidents
