package names

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"
)

const (
	// pollEvery is the time between two polls of the kubelet, pollLeast where an unknown uid is the reason.
	pollEvery = 15 * time.Second
	pollLeast = time.Second
	// accountToken is where a pod finds the token of its service account.
	accountToken = "/var/run/secrets/kubernetes.io/serviceaccount/token" //nolint:gosec // a path
)

func (n *Names) connectKubelet() error {
	u, err := url.Parse(n.o.KubeletURL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return errors.New("the kubelet's address is no URL: write it as https://NODE-IP:10250")
	}
	n.base = u.JoinPath("/pods")
	if n.o.TokenFile == "" {
		n.o.TokenFile = accountToken
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: n.o.KubeletInsecure} //nolint:gosec // see Options
	if n.o.CAFile != "" {
		pem, err := os.ReadFile(n.o.CAFile)
		if err != nil {
			return fmt.Errorf("read the kubelet's certificate authority: %w", err)
		}
		if conf.RootCAs = x509.NewCertPool(); !conf.RootCAs.AppendCertsFromPEM(pem) {
			return fmt.Errorf("read the kubelet's certificate authority: %s holds no certificate in PEM", n.o.CAFile)
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

// authorize adds the token for the kubelet; the client of the API server adds its own.
func (n *Names) authorize(req *http.Request) error {
	if n.o.Source != SourceKubelet {
		return nil
	}
	token, err := os.ReadFile(n.o.TokenFile)
	if err != nil {
		return fmt.Errorf("read the token for the kubelet: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+string(bytes.TrimSpace(token)))
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
