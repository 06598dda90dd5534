package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
	"k8s.io/client-go/kubernetes"

	"github.com/oombot/oombot/cmd/oombot/config"
)

// podNamespace is where a pod finds the namespace that it runs in.
const podNamespace = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

// leaseTimeout bounds one call about the Lease: several fit into the time to renew it.
const leaseTimeout = 4 * time.Second

// newElection returns the election that is configured. It asks nobody yet.
func newElection(cfg *config.Config, log *slog.Logger) (*election, error) {
	namespace := cfg.LeaderElection.Namespace
	if namespace == "" {
		data, err := os.ReadFile(podNamespace)
		namespace = strings.TrimSpace(string(data))
		if err != nil || namespace == "" {
			return nil, errors.New("leader_election.namespace is missing, and outside of a pod nobody else tells it: set it to the namespace of the Lease")
		}
	}
	rest, err := restConfig(cfg, log)
	if err != nil {
		return nil, fmt.Errorf("leader_election needs a cluster, which holds the Lease: %w", err)
	}
	rest.Timeout = leaseTimeout
	client, err := kubernetes.NewForConfig(rest)
	if err != nil {
		return nil, fmt.Errorf("prepare the client for the Lease: %w", err)
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("name this replica: %w", err)
	}
	return &election{
		leases: client.CoordinationV1(), namespace: namespace, name: cfg.LeaderElection.Lease,
		identity: host + "_" + ulid.Make().String(), times: defaultLeaseTimes, log: log,
	}, nil
}
