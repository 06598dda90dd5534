package bolt

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
)

// The buckets; the package comment says what is in them.
var (
	bucketMeta       = []byte("meta")
	bucketTraces     = []byte("traces")
	bucketHeads      = []byte("heads")
	bucketIDs        = []byte("ids")
	bucketPostings   = []byte("postings")
	bucketNames      = []byte("names")
	bucketNodes      = []byte("nodes")
	bucketEdges      = []byte("edges")
	bucketTouches    = []byte("touches")
	bucketRefs       = []byte("refs")
	bucketInbox      = []byte("inbox")
	bucketReady      = []byte("inbox-ready")
	bucketWaiting    = []byte("inbox-waiting")
	bucketDone       = []byte("inbox-done")
	bucketWork       = []byte("work")
	bucketUnfinished = []byte("work-unfinished")
	bucketShelf      = []byte("shelf")

	// traceBuckets are those that are empty where there is no trace.
	traceBuckets = [][]byte{
		bucketTraces, bucketHeads, bucketIDs, bucketPostings, bucketNames, bucketNodes, bucketEdges, bucketTouches, bucketRefs,
	}
	// buckets are all.
	buckets = append([][]byte{
		bucketMeta, bucketInbox, bucketReady, bucketWaiting, bucketDone, bucketWork, bucketUnfinished, bucketShelf,
	}, traceBuckets...)
)

// The keys of the bucket meta.
var (
	keyFormat = []byte("format")
	// keyVersion holds the version of the format in decimal digits.
	keyVersion = []byte("version")
	// keyTerms holds the memory.TermsVersion that the postings were made with, in decimal digits.
	keyTerms = []byte("terms")
	// keyCount holds how many traces there are.
	keyCount = []byte("traces")
)

const (
	formatName = "oombot-memory"
	// formatVersion is raised when an older program could no longer read the file.
	formatVersion = 1
)

// slot is a trace's place in the file: the millisecond of its kill in the upper 48 bits, and 16 bits that tell kills of the
// same millisecond apart. So what is kept by slot is in the order of the kills.
type slot uint64

const (
	slotBits = 16
	maxMilli = 1<<(64-slotBits) - 1
)

// firstSlot is the lowest slot of the millisecond of t; what was before 1970 has the first of all.
func firstSlot(t time.Time) slot {
	ms := t.UnixMilli()
	return slot(min(max(ms, 0), maxMilli)) << slotBits
}

// lastSlot is the highest slot of the millisecond of t.
func lastSlot(t time.Time) slot { return firstSlot(t) | 1<<slotBits - 1 }

func (s slot) milli() uint64 { return uint64(s) >> slotBits }

func (s slot) key() []byte { return binary.BigEndian.AppendUint64(nil, uint64(s)) }

func slotOf(key []byte) slot { return slot(binary.BigEndian.Uint64(key)) }

var errCrowded = fmt.Errorf("%w: too many kills in one millisecond", ErrInvalid)

// newSlot finds a free slot for the trace of that id. Where it begins to look depends on the id only.
func newSlot(heads *bbolt.Bucket, at time.Time, id string) (slot, error) {
	first := firstSlot(at)
	sum := sha256.Sum256([]byte(id))
	n := slot(binary.BigEndian.Uint16(sum[:]))
	for i := range slot(1 << slotBits) {
		s := first | (n+i)&(1<<slotBits-1)
		if heads.Get(s.key()) == nil {
			return s, nil
		}
	}
	return 0, fmt.Errorf("%w: there are %d traces of %s already", errCrowded, 1<<slotBits, at.Format(time.RFC3339Nano))
}

// timeKey is t such that keys are in the order of their times.
func timeKey(t time.Time) []byte {
	key := binary.BigEndian.AppendUint64(nil, uint64(t.Unix())^1<<63)
	return binary.BigEndian.AppendUint32(key, uint32(t.Nanosecond()))
}

const timeKeyLen = 12

// number reads what putNumber wrote; 0 where there is nothing.
func number(b *bbolt.Bucket, key []byte) uint64 {
	n, _ := binary.Uvarint(b.Get(key))
	return n
}

func putNumber(b *bbolt.Bucket, key []byte, n uint64) error {
	return b.Put(key, binary.AppendUvarint(nil, n))
}
