package config

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxFile is far above any honest configuration.
const maxFile = 1 << 20

// EnvFile is the environment variable that names the file.
const EnvFile = "OOMBOT_CONFIG"

// Sources are where a configuration comes from.
type Sources struct {
	// File is what --config names; "" leaves it to the environment, and without that there is no file.
	File string
	// Env is the environment. An empty variable is one that is not set.
	Env map[string]string
	// Flags are the flags that were given, without dashes, to Command.
	Flags   map[string]string
	Command string
}

// Load returns the configuration: flags go before the environment, that before the file, and that before the
// defaults. Its error is an *Error that holds all faults.
func Load(from Sources) (*Config, error) {
	file := from.File
	if file == "" {
		file = from.Env[EnvFile]
	}
	c, f := Default(), newFaults()
	if file != "" {
		data, err := readFile(file, maxFile)
		if err != nil {
			f.at(0, "", "%s", strings.TrimPrefix(err.Error(), "its "))
		} else {
			decoder{f}.document(data, c)
		}
	}
	decoder{f}.override(c, from)
	check{f, c}.all()
	if err := f.err(file); err != nil {
		return nil, err
	}
	return c, nil
}

// Parse returns the configuration that the text of a file holds, without environment and flags.
func Parse(data []byte) (*Config, error) {
	c, f := Default(), newFaults()
	if len(data) > maxFile {
		f.at(0, "", "it is over %d bytes", maxFile)
	} else {
		decoder{f}.document(data, c)
		check{f, c}.all()
	}
	if err := f.err(""); err != nil {
		return nil, err
	}
	return c, nil
}

// document puts a file's text into c. An empty file is the defaults.
func (d decoder) document(data []byte, c *Config) {
	in := yaml.NewDecoder(bytes.NewReader(data))
	var doc, second yaml.Node
	err := in.Decode(&doc)
	switch {
	case errors.Is(err, io.EOF):
		return
	case err != nil:
		d.at(0, "", "it is no YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
		return
	}
	if in.Decode(&second) == nil {
		d.at(second.Line, "", "a second document begins here: write one")
	}
	for _, n := range doc.Content {
		d.value(n, reflect.ValueOf(c).Elem(), "")
	}
}
