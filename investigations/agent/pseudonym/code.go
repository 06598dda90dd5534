package pseudonym

import (
	"slices"
	"strings"
)

// codeHosts hold modules by owner and name.
var codeHosts = []string{"github.com", "gitlab.com", "bitbucket.org", "codeberg.org"}

// publicModules are the beginnings of the modules and packages that everybody uses.
var publicModules = []string{
	"golang.org/", "google.golang.org/", "cloud.google.com/", "k8s.io/", "sigs.k8s.io/", "go.uber.org/", "go.opentelemetry.io/", "gopkg.in/",
	"go.etcd.io/", "gorm.io/", "modernc.org/", "gocloud.dev/", "gonum.org/", "honnef.co/", "rsc.io/", "filippo.io/", "dario.cat/",
	"github.com/prometheus/", "github.com/grafana/", "github.com/hashicorp/", "github.com/golang/", "github.com/google/", "github.com/gorilla/",
	"github.com/gin-gonic/", "github.com/labstack/", "github.com/spf13/", "github.com/redis/", "github.com/go-redis/", "github.com/jackc/",
	"github.com/lib/", "github.com/go-sql-driver/", "github.com/jmoiron/", "github.com/klauspost/", "github.com/aws/", "github.com/Azure/",
	"github.com/IBM/", "github.com/Shopify/", "github.com/segmentio/", "github.com/confluentinc/", "github.com/nats-io/", "github.com/elastic/",
	"github.com/olivere/", "github.com/mongodb/", "github.com/dgraph-io/", "github.com/allegro/", "github.com/patrickmn/", "github.com/valyala/",
	"github.com/gofiber/", "github.com/gogo/", "github.com/json-iterator/", "github.com/bytedance/", "github.com/sirupsen/", "github.com/rs/",
	"github.com/go-kit/", "github.com/open-telemetry/", "github.com/opentracing/", "github.com/DataDog/", "github.com/getsentry/",
	"github.com/cockroachdb/", "github.com/syndtr/", "github.com/etcd-io/", "github.com/kubernetes/", "github.com/containerd/",
	"github.com/docker/", "github.com/moby/", "github.com/opencontainers/", "github.com/istio/", "github.com/envoyproxy/",
	"github.com/grpc-ecosystem/", "github.com/mattn/", "github.com/pkg/", "github.com/stretchr/", "github.com/fsnotify/", "github.com/tidwall/",
	"com.google.", "com.fasterxml.", "com.sun.", "com.zaxxer.", "com.mysql.", "com.mongodb.", "com.github.benmanes.", "com.hazelcast.",
	"com.amazonaws.", "com.microsoft.", "com.codahale.", "com.netflix.", "com.squareup.", "com.datastax.", "com.rabbitmq.", "com.ibm.",
	"com.oracle.", "com.zaxxer.", "io.netty.", "io.micrometer.", "io.grpc.", "io.vertx.", "io.quarkus.", "io.micronaut.", "io.lettuce.",
	"io.projectreactor.", "io.reactivex.", "io.opentelemetry.", "io.prometheus.", "io.undertow.", "io.undertow.", "io.confluent.", "io.dropwizard.",
	"net.bytebuddy.", "net.sf.", "net.spy.", "org.springframework.", "org.apache.", "org.hibernate.", "org.eclipse.", "org.jboss.", "org.slf4j.",
	"org.postgresql.", "org.elasticsearch.", "org.opensearch.", "org.h2.", "org.mongodb.", "org.redisson.", "org.infinispan.", "org.ehcache.",
	"org.glassfish.", "org.jetbrains.", "org.scala.", "org.json.", "org.xerial.", "org.rocksdb.", "org.junit.", "org.mariadb.", "org.yaml.",
	"org.graalvm.", "org.openjdk.",
}

// reversed are the first labels of packages that are called by a domain turned round.
var reversed = []string{"com", "org", "net", "io", "de", "eu", "co", "fr", "uk", "nl", "ch", "se", "dev", "app", "edu", "gov", "cz", "pl", "it", "es", "jp", "cn"}

// function tells of the module or the packages of a function, by its full name, where those are a site's own. The last
// part of the package and the function's own name stay: they are what the developer looks for.
func (n namer) function(name string) {
	if slices.ContainsFunc(publicModules, func(p string) bool {
		return strings.HasPrefix(strings.ReplaceAll(name, "/", "."), strings.ReplaceAll(p, "/", "."))
	}) {
		return
	}
	parts := strings.Split(name, "/")
	if !strings.Contains(parts[0], ".") || len(parts) < 2 {
		n.class(name)
		return
	}
	last := len(parts) - 1
	parts[last], _, _ = strings.Cut(parts[last], ".")
	of := max(len(parts)-1, 2)
	if slices.Contains(codeHosts, parts[0]) {
		of = 3
	}
	n.some(strings.Join(parts[:min(of, len(parts))], "/"), kindModule)
}

// class is function for languages whose packages are domains turned round.
func (n namer) class(name string) {
	sep := "."
	if strings.Contains(name, "/") {
		sep = "/"
	}
	parts := strings.Split(name, sep)
	if !slices.Contains(reversed, parts[0]) || len(parts) < 3 ||
		slices.ContainsFunc(publicModules, func(p string) bool { return strings.HasPrefix(strings.ReplaceAll(name, "/", "."), p) }) {
		return
	}
	packages := 0
	for packages < len(parts) && parts[packages] != "" && parts[packages] == fold(parts[packages]) && strings.Trim(parts[packages], "abcdefghijklmnopqrstuvwxyz0123456789_") == "" {
		packages++
	}
	if packages < 2 || packages == len(parts) {
		return
	}
	n.some(strings.Join(parts[:max(packages-1, 2)], sep), kindPackage)
}
