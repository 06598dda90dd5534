package names

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

const (
	// pollEvery is the time between two polls of the kubelet, pollLeast where an unknown uid is the reason.
	pollEvery = 15 * time.Second
	pollLeast = time.Second
	// accountFolder is where a pod finds its service account: its token, and the authority of the cluster.
	accountFolder           = "/var/run/secrets/kubernetes.io/serviceaccount"
	accountToken, accountCA = "token", "ca.crt"
)

func (n *Names) connectKubelet() error {
	u, err := url.Parse(n.o.KubeletURL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return errors.New("the kubelet's address is no URL: write it as https://NODE-IP:10250")
	}
	n.base = u.JoinPath("/pods")
	if n.o.account == "" {
		n.o.account = accountFolder
	}
	if n.o.Token == nil {
		n.o.Token = n.accountToken
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: n.o.KubeletInsecure} //nolint:gosec // see Options
	if !n.o.KubeletInsecure {
		if conf.RootCAs, err = n.authorities(); err != nil {
			return fmt.Errorf("read the kubelet's certificate authority: %w", err)
		}
	}
	n.http = &http.Client{
		Transport: &http.Transport{
			DialContext:           (&net.Dialer{Timeout: 2 * time.Second}).DialContext,
			TLSClientConfig:       conf,
			TLSHandshakeTimeout:   5 * time.Second,
			ResponseHeaderTimeout: 10 * time.Second,
			MaxIdleConnsPerHost:   1,
			IdleConnTimeout:       time.Minute,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return nil
}

// authorities are those that the kubelet's certificate is checked by; nil: the system's.
func (n *Names) authorities() (*x509.CertPool, error) {
	file := n.o.CAFile
	if file == "" {
		file = filepath.Join(n.o.account, accountCA)
	}
	pem, err := os.ReadFile(file)
	switch {
	case n.o.CAFile == "" && errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate in PEM", file)
	}
	return pool, nil
}

func (n *Names) accountToken() (string, error) {
	token, err := os.ReadFile(filepath.Join(n.o.account, accountToken))
	return string(bytes.TrimSpace(token)), err
}

// authorize adds the token for the kubelet; the client of the API server adds its own.
func (n *Names) authorize(req *http.Request) error {
	if n.o.Source != SourceKubelet {
		return nil
	}
	token, err := n.o.Token()
	if err != nil {
		return fmt.Errorf("read the token for the kubelet: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	return nil
}

// runKubelet polls until ctx ends.
func (n *Names) runKubelet(ctx context.Context) {
	evicted := &evictions{tell: n.o.OnEviction}
	for first := true; ctx.Err() == nil; {
		_, err := n.listAll(ctx, "", evicted, first)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			n.failed(err)
		default:
			first = false
		}
		pause(ctx, pollLeast)
		t := time.NewTimer(pollEvery - pollLeast)
		select {
		case <-ctx.Done():
		case <-n.ask:
		case <-t.C:
		}
		t.Stop()
	}
}
