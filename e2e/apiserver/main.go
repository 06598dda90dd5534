// Command apiserver is a whole control plane's memory in one process: the real kube-apiserver and the etcd that it
// stores in, both on loopback only. It has no scheduler, no controllers and no kubelets; what these would write,
// a test writes. It is a module of its own, as Kubernetes' own code stays out of everything else's dependencies.
//
//	apiserver --dir DIR --etcd 127.0.0.1:2379 --listen 127.0.0.1:6443 -- --authorization-mode=RBAC …
//
// What follows the two dashes goes to kube-apiserver as it is, after the flags that the addresses and DIR imply.
// A line that begins with "ready" on standard output says that /readyz answers 200. SIGTERM and SIGINT end both.
// Nothing is synced to the disk: DIR, which holds etcd's data and the serving certificate, is for tests.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
	_ "time/tzdata" // time zones of CronJobs, on machines without the database

	"go.etcd.io/etcd/server/v3/embed"
	_ "k8s.io/component-base/logs/json/register" // --logging-format=json
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

// etcdStart is how long etcd may take to open its data.
const etcdStart = time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr, log); err != nil {
		log.Error("the API server did not run to its end", "err", err)
		os.Exit(1)
	}
}

// options are what the command line says.
type options struct {
	dir          string
	etcd, listen *net.TCPAddr
	// apiserver are the flags that are handed through.
	apiserver []string
}

// parse reads the command line, and refuses addresses that others could reach.
func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	var etcd, listen string
	flags := flag.NewFlagSet("apiserver", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.dir, "dir", "", "`folder` of etcd's data and the certificate; made if missing")
	flags.StringVar(&etcd, "etcd", "127.0.0.1:2379", "loopback `address` for etcd's clients")
	flags.StringVar(&listen, "listen", "127.0.0.1:6443", "loopback `address` for the API, by HTTPS")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	o.apiserver = flags.Args()
	var faults []error
	if o.dir == "" {
		faults = append(faults, errors.New("no folder: give one with --dir"))
	}
	var err error
	if o.etcd, err = loopback(etcd); err != nil {
		faults = append(faults, fmt.Errorf("--etcd: %w", err))
	}
	if o.listen, err = loopback(listen); err != nil {
		faults = append(faults, fmt.Errorf("--listen: %w", err))
	}
	return o, errors.Join(faults...)
}

func loopback(address string) (*net.TCPAddr, error) {
	addr, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return nil, err
	}
	if !addr.IP.IsLoopback() || addr.Port == 0 {
		return nil, fmt.Errorf("%q is no loopback address with a port: use 127.0.0.1:PORT", address)
	}
	return addr, nil
}

// run serves until ctx is done.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, log *slog.Logger) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	began := time.Now()
	store, err := startEtcd(ctx, o)
	if err != nil {
		return fmt.Errorf("start etcd: %w", err)
	}
	defer store.Close()
	log.Info("etcd answers", "address", o.etcd.String(), "after", time.Since(began).Round(time.Millisecond))

	ctx, cancel := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() { // ends with ctx, which is cancelled below
		defer close(watched)
		if waitReady(ctx, o.listen) {
			fmt.Fprintf(stdout, "ready https://%s after %s\n", o.listen, time.Since(began).Round(time.Millisecond))
		}
	}()
	err = serve(ctx, o)
	cancel()
	<-watched
	if err != nil {
		return fmt.Errorf("run kube-apiserver: %w", err)
	}
	return nil
}

// startEtcd opens the data and returns once etcd answers.
func startEtcd(ctx context.Context, o options) (*embed.Etcd, error) {
	cfg := embed.NewConfig()
	cfg.Dir = filepath.Join(o.dir, "etcd")
	cfg.LogLevel = "error"
	cfg.UnsafeNoFsync = true
	clients := url.URL{Scheme: "http", Host: o.etcd.String()}
	peers := url.URL{Scheme: "http", Host: "127.0.0.1:0"} // it has none, and needs the address all the same
	cfg.ListenClientUrls, cfg.AdvertiseClientUrls = []url.URL{clients}, []url.URL{clients}
	cfg.ListenPeerUrls, cfg.AdvertisePeerUrls = []url.URL{peers}, []url.URL{peers}
	cfg.InitialCluster = cfg.InitialClusterFromName(cfg.Name)
	store, err := embed.StartEtcd(cfg)
	if err != nil {
		return nil, err
	}
	select {
	case <-store.Server.ReadyNotify():
		return store, nil
	case err = <-store.Err():
	case <-ctx.Done():
		err = ctx.Err()
	case <-time.After(etcdStart):
		err = fmt.Errorf("it does not answer after %s", etcdStart)
	}
	store.Close()
	return nil, err
}

// serve runs kube-apiserver until ctx is done.
func serve(ctx context.Context, o options) error {
	cmd := app.NewAPIServerCommand()
	cmd.SetArgs(append([]string{
		"--etcd-servers=http://" + o.etcd.String(),
		"--bind-address=" + o.listen.IP.String(),
		"--advertise-address=" + o.listen.IP.String(),
		fmt.Sprintf("--secure-port=%d", o.listen.Port),
		"--cert-dir=" + filepath.Join(o.dir, "certs"),
		"--endpoint-reconciler-type=none", // a Service that leads to loopback is refused
	}, o.apiserver...))
	cmd.SetContext(ctx) // in place of the one that listens for signals by itself
	return cmd.Execute()
}

// waitReady asks until the API server is ready, and tells whether it was before ctx was done.
func waitReady(ctx context.Context, listen *net.TCPAddr) bool {
	client := &http.Client{
		Timeout: 5 * time.Second,
		// The certificate is made by the server in this process, for nobody to know before.
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
	}
	defer client.CloseIdleConnections()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+listen.String()+"/readyz", nil)
		if err != nil {
			return false
		}
		resp, err := client.Do(req)
		if err != nil {
			continue
		}
		_ = resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			return true
		}
	}
}
