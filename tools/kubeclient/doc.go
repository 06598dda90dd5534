// Package kubeclient turns Kubernetes objects into the domain's types, for all sources that read them.
//
// It owns three things. A Cluster gets and lists objects of an API server, each question once, and a Gathering of them
// becomes the files of a bundle. Read goes through a list as `kubectl get -o json` prints it, item by item: a broken item
// costs only itself, a file that is cut off keeps what came before, and memory holds one item at a time. The
// conversions (Pod, Node, Deployment, …) take an object of k8s.io/api and return the part that a memory
// diagnosis needs, with quantities in bytes and without values that may be secret: of an environment variable
// or a ConfigMap a value is kept only where it steers a runtime's memory (see SteersMemory).
//
// It knows nothing of files' places or of what the objects mean for a kill.
package kubeclient
