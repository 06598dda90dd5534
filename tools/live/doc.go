// Package live finds the target of an investigation in a running cluster, and makes live sources into tools. It
// owns the way from the words that a person writes to a pod, its workload, its node and the moment of the kill;
// what there is to see of them is the sources' business.
//
// Resolving costs a handful of calls, whatever the size of the cluster: the objects of that name, the owners of a
// pod, the pods of a workload by its selector, and the node.
package live
