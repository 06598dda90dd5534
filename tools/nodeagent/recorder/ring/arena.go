package ring

const (
	// BlockBytes is the size of a block.
	BlockBytes = 128
	// chunkBlocks is how many blocks are made at once.
	chunkBlocks = 512
)

// block holds no pointer, so that the garbage collector never looks into it.
type block struct {
	start uint32 // the tick of its first value
	next  int32  // the block after it, 0 for none
	used  uint8  // how much of data is written
	data  [BlockBytes - 9]byte
}

// Arena is the memory of many columns. It grows as they do, up to a bound, and never shrinks; what a column frees,
// others take.
type Arena struct {
	chunks [][]block
	// free is the first of the free blocks, which their next links.
	free    int32
	blocks  int
	used    int
	most    int
	dropped int64
}

// NewArena makes an arena of at most so many bytes; it takes them as it needs them.
func NewArena(bytes int) *Arena { return &Arena{most: max(bytes/BlockBytes, 1)} }

// Usage is how full an arena is.
type Usage struct {
	// Used bytes are those in columns, Held those that the arena has taken, Most those that it may take.
	Used, Held, Most int
	// Dropped counts the blocks and values that had to go, or never came in, because it was full.
	Dropped int64
}

// Usage returns how full the arena is.
func (a *Arena) Usage() Usage {
	return Usage{Used: a.used * BlockBytes, Held: a.blocks * BlockBytes, Most: a.most * BlockBytes, Dropped: a.dropped}
}

// at returns the block of a number, which counts from 1.
func (a *Arena) at(i int32) *block {
	i--
	return &a.chunks[i/chunkBlocks][i%chunkBlocks]
}

// take returns a free block; 0 where there is none.
func (a *Arena) take() int32 {
	if a.free == 0 {
		n := min(chunkBlocks, a.most-a.blocks)
		if n == 0 {
			a.dropped++
			return 0
		}
		a.chunks = append(a.chunks, make([]block, n))
		for range n {
			a.blocks++
			a.at(int32(a.blocks)).next = a.free
			a.free = int32(a.blocks)
		}
	}
	i := a.free
	a.free = a.at(i).next
	a.used++
	return i
}

// give takes a block back.
func (a *Arena) give(i int32) {
	a.at(i).next = a.free
	a.free = i
	a.used--
}
