package bundle_test

import (
	"fmt"
	"io/fs"

	"github.com/oombot/oombot/tools/bundle"
)

func ExampleOpen() {
	b, err := bundle.Open("testdata/checkout")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer b.Close()

	fmt.Println(b.Request().Target)
	nodes, err := fs.Glob(b.FS(), "kernel/*.log")
	fmt.Println(nodes, err)
	// Output:
	// shop/checkout-7c9d8f6b5-x2x4p/checkout
	// [kernel/n1.log] <nil>
}
