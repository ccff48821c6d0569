package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"istio.io/istio/pkg/wasm"
)

// pull puts the image of an OCI layout into a registry on the loopback interface, and lets the code of Istio's agent fetch it from there by its
// digest. It prints the file that a proxy would load.
func pull(folder, cache string) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: registry.New()}}
	server.Start()
	defer server.Close()

	index, err := layout.ImageIndexFromPath(folder)
	if err != nil {
		return err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return err
	}
	if len(manifest.Manifests) != 1 {
		return fmt.Errorf("%d images in the layout: one is expected", len(manifest.Manifests))
	}
	digest := manifest.Manifests[0].Digest
	image, err := index.Image(digest)
	if err != nil {
		return err
	}
	repository := listener.Addr().String() + "/meshward"
	tag, err := name.NewTag(repository+":test", name.Insecure)
	if err != nil {
		return err
	}
	if err := remote.Write(tag, image); err != nil {
		return err
	}

	if err := os.MkdirAll(cache, 0o755); err != nil {
		return err
	}
	agent := wasm.NewLocalFileCache(cache, wasm.Options{})
	defer agent.Cleanup()
	file, err := agent.Get("oci://"+repository+"@"+digest.String(), wasm.GetOptions{
		Checksum:       digest.Hex,
		RequestTimeout: 30 * time.Second,
	})
	if err != nil {
		return err
	}
	fmt.Println(file)
	return nil
}
