package profiles

import (
	_ "embed"
	"slices"
	"strings"
	"sync"

	"github.com/google/pprof/profile"

	"github.com/oombot/oombot/investigations"
)

// std.txt is what `go list std` prints, without internal packages.
//
//go:embed std.txt
var stdList string

var goStd = sync.OnceValue(func() map[string]bool {
	std := map[string]bool{}
	for name := range strings.FieldsSeq(stdList) {
		std[name] = true
	}
	return std
})

// unnamed stands for a stack without names.
const unnamed = "(no symbol)"

// namer names the functions that stacks count for. A location is looked at once.
type namer map[*profile.Location][]frame

type frame struct {
	name string
	// runtime says that the frame is an allocator's or of the language's runtime, library that it is of the
	// standard library or such a frame.
	runtime, library bool
}

// of returns the innermost function of a stack outside of the runtime, and the innermost one outside of the
// standard library: the one that holds the memory as its author would say. Where there is none, the next best.
func (n namer) of(stack []*profile.Location) (function, holder string) {
	leaf := ""
	for _, l := range stack {
		frames, ok := n[l]
		if !ok {
			frames = framesOf(l)
			n[l] = frames
		}
		for _, f := range frames {
			if leaf == "" {
				leaf = f.name
			}
			if !f.runtime && function == "" {
				function = f.name
			}
			if !f.library {
				return function, f.name
			}
		}
	}
	if leaf == "" {
		leaf = unnamed
	}
	if function == "" {
		function = leaf
	}
	return function, function
}

// framesOf returns the functions of a location, what was inlined first.
func framesOf(l *profile.Location) []frame {
	var out []frame
	for _, line := range l.Line {
		if line.Function == nil || line.Function.Name == "" {
			continue
		}
		name := investigations.CleanText(line.Function.Name, maxName)
		f := frame{name: name, runtime: isRuntime(name)}
		f.library = f.runtime || isLibrary(name, line.Function.Filename)
		out = append(out, f)
	}
	return out
}

// goPackage returns the import path in the full name of a Go function, as of "net/http.(*conn).serve".
func goPackage(name string) string {
	if i := strings.IndexAny(name, "(["); i >= 0 {
		name = name[:i] // receivers and type arguments hold paths of their own
	}
	slash := strings.LastIndexByte(name, '/') + 1
	dot := strings.IndexByte(name[slash:], '.')
	if dot < 0 {
		return ""
	}
	return name[:slash+dot]
}

// allocators are functions of C that hand out memory, and allocatorPrefixes what those of other allocators and
// languages, and the profilers that hook into them, begin with.
var (
	allocators = []string{
		"malloc", "calloc", "realloc", "reallocarray", "memalign", "aligned_alloc", "posix_memalign", "valloc", "pvalloc",
		"mmap", "mmap64", "sbrk", "strdup", "strndup", "(root)", "(program)", "(garbage collector)", "(native)",
	}
	allocatorPrefixes = []string{
		"operator new", "__libc_", "_int_", "__GI_", "je_", "_rjem_", "prof_backtrace", "tcmalloc::", "tc_malloc", "tc_new",
		"tc_calloc", "tc_realloc", "mi_malloc", "mi_heap_", "GC_malloc", "__rust_", "__rg_", "__rdl_", "PyMem_", "_PyMem_",
		"PyObject_Malloc", "_PyObject_Malloc", "std::allocator", "std::__new_allocator", "__gnu_cxx::new_allocator",
		"alloc::", "<alloc::", "core::", "<core::",
	}
)

// isRuntime tells whether a function belongs to the allocator or to the runtime of its language.
func isRuntime(name string) bool {
	if p := goPackage(name); p == "runtime" || strings.HasPrefix(p, "runtime/") || strings.HasPrefix(p, "internal/runtime/") {
		return true
	}
	return slices.Contains(allocators, name) || hasPrefix(name, allocatorPrefixes)
}

func hasPrefix(s string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(s, p) })
}

// libraries are the beginnings of names of other languages' standard libraries.
var libraries = []string{
	"java.", "javax.", "jdk.", "sun.", "com.sun.", "kotlin.", "scala.collection.", "std::", "<std::", "hashbrown::", "<hashbrown::",
	"System.", "node:",
}

// isLibrary tells whether a function belongs to the standard library of its language.
func isLibrary(name, file string) bool {
	p := goPackage(name)
	outer, _, inner := strings.Cut(p+"/", "/internal/")
	switch {
	case goStd()[p], inner && goStd()[outer], strings.HasPrefix(p, "internal/"), strings.HasPrefix(p, "vendor/"):
		return true
	case hasPrefix(name, libraries), strings.HasPrefix(file, "node:"), strings.HasPrefix(file, "<frozen "):
		return true
	}
	return strings.Contains(file, "/rustc/") ||
		strings.Contains(file, "/lib/python3") && !strings.Contains(file, "-packages/")
}
