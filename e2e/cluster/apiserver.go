package cluster

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// startTime is how long the API server may take on a busy machine; on an idle one it is 3 s.
const startTime = 2 * time.Minute

// ServerOptions are what a test wants of its API server. The zero value is a good one.
type ServerOptions struct {
	// Args are further flags of kube-apiserver.
	Args []string
}

// APIServer is a running kube-apiserver with RBAC on and the audit log written. It is safe for concurrent use,
// Load and Reset aside.
type APIServer struct {
	// URL is its address, and CAFile the certificate that proves it.
	URL, CAFile string
	// Etcd is the address of its store.
	Etcd string

	dir     string
	token   string
	proc    *process
	store   *clientv3.Client
	client  kubernetes.Interface
	dynamic dynamic.Interface

	mu sync.Mutex
	// before are the values that keys had before they were written; none for those that were not there.
	before map[string]write
	crds   []string
}

// StartAPIServer starts a server that ends with the test. Give it the outer test, and the inner ones the server.
func StartAPIServer(t testing.TB, o ServerOptions) *APIServer {
	t.Helper()
	binary := program(t, "OOMBOT_E2E_APISERVER", "kube-apiserver", "as `make e2e` builds it")
	s, err := startAPIServer(t.TempDir(), binary, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// shared is the server of the test process.
var shared struct {
	sync.Mutex
	server *APIServer
	dir    string
	err    error
}

// SharedAPIServer returns the one server of this test process, empty, and starts it for the first who asks. Tests that
// use it must not run in parallel. TestMain has to be [Main].
func SharedAPIServer(t testing.TB) *APIServer {
	t.Helper()
	binary := program(t, "OOMBOT_E2E_APISERVER", "kube-apiserver", "as `make e2e` builds it")
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil && shared.err == nil {
		shared.dir, shared.err = os.MkdirTemp("", "oombot-e2e-") //nolint:usetesting // it outlives the test
		if shared.err == nil {
			shared.server, shared.err = startAPIServer(shared.dir, binary, ServerOptions{})
		}
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	shared.server.Reset(t)
	return shared.server
}

// Main runs the tests of a package that uses [SharedAPIServer], and ends that server. It returns the status to exit with.
func Main(m *testing.M) int {
	code := m.Run()
	if err := stopShared(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	return code
}

// stopShared stops the server of [SharedAPIServer], if there is one.
func stopShared() error {
	shared.Lock()
	defer shared.Unlock()
	var err error
	if shared.server != nil {
		err = shared.server.stop()
		shared.server = nil
	}
	if shared.dir != "" {
		err = errors.Join(err, os.RemoveAll(shared.dir))
		shared.dir = ""
	}
	return err
}

func startAPIServer(dir, binary string, o ServerOptions) (*APIServer, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	etcd, err := freePort()
	if err != nil {
		return nil, err
	}
	s := &APIServer{
		URL: "https://" + loopback(port), CAFile: filepath.Join(dir, "certs", "apiserver.crt"), Etcd: "http://" + loopback(etcd),
		dir: dir, token: rand.Text(), before: map[string]write{},
	}
	if err := s.writeFiles(); err != nil {
		return nil, err
	}
	args := append([]string{
		"--dir", dir, "--etcd", loopback(etcd), "--listen", loopback(port), "--",
		"--authorization-mode=Node,RBAC", "--token-auth-file=" + s.file("tokens.csv"),
		"--service-account-issuer=https://oombot.test", "--service-cluster-ip-range=10.0.0.0/24",
		"--service-account-key-file=" + s.file("sa.key"), "--service-account-signing-key-file=" + s.file("sa.key"),
		"--disable-admission-plugins=ServiceAccount",
		"--audit-log-path=" + s.file("audit.log"), "--audit-policy-file=" + s.file("audit.yaml"), "--audit-log-mode=blocking",
		// Nodes keep the addresses they were recorded with; the stand-in for the kubelets is found by another.
		"--kubelet-preferred-address-types=ExternalDNS",
	}, o.Args...)
	if s.proc, err = start(dir, "kube-apiserver", binary, args...); err != nil {
		return nil, err
	}
	if err := s.connect(); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

// connect waits for the server and makes the harness's own clients.
func (s *APIServer) connect() error {
	if err := s.proc.ready(startTime, s.saidReady); err != nil {
		return err
	}
	config := s.config(Access{})
	config.QPS, config.Burst = -1, 0
	config.UserAgent = harness
	var err error
	if s.client, err = kubernetes.NewForConfig(config); err != nil {
		return err
	}
	if s.dynamic, err = dynamic.NewForConfig(config); err != nil {
		return err
	}
	s.store, err = clientv3.New(clientv3.Config{Endpoints: []string{s.Etcd}, DialTimeout: 10 * time.Second, Logger: zap.NewNop()})
	return err
}

// saidReady tells whether the program has printed that it is.
func (s *APIServer) saidReady() bool {
	f, err := os.Open(s.proc.log)
	if err != nil {
		return false
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "ready ") {
			return true
		}
	}
	return false
}

func (s *APIServer) stop() error {
	var err error
	if s.store != nil {
		err = s.store.Close()
	}
	return errors.Join(err, s.proc.stop())
}

func (s *APIServer) file(name string) string { return filepath.Join(s.dir, name) }

// auditPolicy logs who asked for what, once a request is answered. The server's own loops are left out.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted]
rules:
- {level: None, users: ["system:apiserver"]}
- {level: Metadata}
`

// writeFiles writes what the server's flags name.
func (s *APIServer) writeFiles() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	for name, text := range map[string]string{
		"sa.key":     string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})),
		"tokens.csv": fmt.Sprintf("%s,admin,1,\"system:masters\"\n", s.token),
		"audit.yaml": auditPolicy,
	} {
		if err := os.WriteFile(s.file(name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// Config returns the configuration of a client that may do everything.
func (s *APIServer) Config() *rest.Config { return s.config(Access{}) }

// Client returns a client that may do everything. Its requests are marked as the test's own, so that they are no
// part of [APIServer.Audit].
func (s *APIServer) Client() kubernetes.Interface { return s.client }
