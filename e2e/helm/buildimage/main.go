// Command buildimage builds the container image of deploy/Dockerfile for this machine's architecture, without a container
// engine and without a registry.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"github.com/oombot/oombot/e2e/helm/image"
)

func main() {
	root := flag.String("root", ".", "the `FOLDER` of the module")
	out := flag.String("out", "dist/oombot-image.tar", "the `FILE` to write")
	tag := flag.String("tag", "oombot:0.1.0", "the `NAME` of the image")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *root, *out, *tag)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "buildimage:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, root, out, tag string) error {
	dir, err := os.MkdirTemp("", "oombot-image-")
	if err != nil {
		return fmt.Errorf("make a folder to build in: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // a folder for a while; what is left of it is the system's to clear
	img, err := image.Build(ctx, root, dir)
	if err != nil {
		return err
	}
	if err := image.Write(out, tag, img); err != nil {
		return err
	}
	info, err := os.Stat(out)
	if err != nil {
		return fmt.Errorf("look at the image: %w", err)
	}
	fmt.Printf("%s: %s, %.1f MB; load it with `docker load -i %s`\n", out, tag, float64(info.Size())/1e6, out)
	return nil
}
