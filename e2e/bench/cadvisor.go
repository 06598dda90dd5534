package bench

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"unsafe"

	"github.com/euank/go-kmsg-parser/kmsgparser"
	"github.com/google/cadvisor/utils/oomparser"
	"k8s.io/klog/v2"
)

// cadvisor counts the OOMs that cadvisor's oomparser finds in records of /dev/kmsg, as cadvisor runs it: over
// the kmsgparser that it comes with, which reads one record at a time and hands it on by a channel. Neither has
// a constructor for anything but /dev/kmsg, so that the fields that hold where they read from are set from
// here.
func cadvisor(log []byte) (int, error) {
	p, err := kmsgparser.NewParser()
	if err != nil {
		return 0, fmt.Errorf("a parser of /dev/kmsg, to be given another reader: %w", err)
	}
	if err := p.Close(); err != nil {
		return 0, fmt.Errorf("close /dev/kmsg: %w", err)
	}
	p.SetLogger(silent{})
	if err := set(reflect.ValueOf(p).Elem(), "kmsgReader", kmsgparser.ReadSeekCloser(&device{log: log})); err != nil {
		return 0, err
	}
	return stream(p)
}

// lean is cadvisor's oomparser alone: records cost no more than it takes to cut them out of the bytes, and the
// channel has room for thousands.
func lean(log []byte) (int, error) { return stream(&records{log: log}) }

func stream(from kmsgparser.Parser) (int, error) {
	p := &oomparser.OomParser{}
	if err := set(reflect.ValueOf(p).Elem(), "parser", from); err != nil {
		return 0, err
	}
	found := make(chan *oomparser.OomInstance, 1024)
	go func() { // ends with the log
		defer close(found)
		p.StreamOoms(found)
	}()
	n := 0
	for range found {
		n++
	}
	return n, nil
}

// set sets a field that is not exported.
func set[T any](of reflect.Value, name string, to T) error {
	field := of.FieldByName(name)
	if !field.IsValid() {
		return fmt.Errorf("%s has no field %s any more", of.Type(), name)
	}
	reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem().Set(reflect.ValueOf(to))
	return nil
}

// device is bytes in memory that read like /dev/kmsg: one record at a time.
type device struct {
	log []byte
}

func (d *device) Read(b []byte) (int, error) {
	i := bytes.IndexByte(d.log, '\n')
	if i < 0 {
		return 0, io.EOF
	}
	n := copy(b, d.log[:i+1])
	d.log = d.log[i+1:]
	return n, nil
}

func (d *device) Close() error                   { return nil }
func (d *device) Seek(int64, int) (int64, error) { return 0, nil }

// silent is a kmsgparser.Logger.
type silent struct{}

func (silent) Warningf(string, ...any) {}
func (silent) Infof(string, ...any)    {}
func (silent) Errorf(string, ...any)   {}

// records is a kmsgparser.Parser over bytes in memory.
type records struct {
	log []byte
}

func (r *records) SeekEnd() error              { return nil }
func (r *records) SetLogger(kmsgparser.Logger) {}
func (r *records) Close() error                { return nil }

// Parse sends every record; the channel is closed at the end of the log.
func (r *records) Parse() <-chan kmsgparser.Message {
	out := make(chan kmsgparser.Message, 4096)
	go func() { // ends with the log
		defer close(out)
		for line := range bytes.Lines(r.log) {
			meta, text, ok := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte(";"))
			if !ok {
				continue
			}
			priority, _, _ := bytes.Cut(meta, []byte(","))
			p, err := strconv.Atoi(string(priority))
			if err != nil {
				continue
			}
			out <- kmsgparser.Message{Priority: p & 7, Message: string(text)}
		}
	}()
	return out
}

// quiet turns off what cadvisor logs at the end of each log.
func quiet() {
	flags := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(flags)
	_ = flags.Set("logtostderr", "false") // klog's own flag: it parses
	_ = flags.Set("stderrthreshold", "FATAL")
	klog.SetOutput(io.Discard)
}
