// istiod-of-files is the real istiod, started by its own bootstrap package, with a folder of YAML in the place of Kubernetes.
//
// Two things of an unmodified pilot-discovery are wired to Kubernetes alone, and are supplied here:
//
//   - the multicluster controller, which istiod dereferences even where there is no cluster: it gets one over an empty client set in memory;
//   - the controller that translates WasmPlugin into TrafficExtension, from which istiod makes what it serves: it reads the folder.
//
// Nothing of how istiod makes xDS out of its configuration is changed, so what a proxy is served here, a mesh serves it too.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"reflect"
	"syscall"
	"time"
	"unsafe"

	"istio.io/istio/pilot/pkg/bootstrap"
	"istio.io/istio/pilot/pkg/config/kube/extensions"
	"istio.io/istio/pilot/pkg/config/kube/file"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pkg/config/mesh"
	"istio.io/istio/pkg/config/mesh/meshwatcher"
	"istio.io/istio/pkg/config/schema/collections"
	"istio.io/istio/pkg/keepalive"
	"istio.io/istio/pkg/kube"
	"istio.io/istio/pkg/kube/multicluster"
	"istio.io/istio/pkg/log"
)

// options are the command line.
type options struct {
	configDir, meshConfig              string
	xdsAddr, debugAddr, monitoringAddr string
}

func main() {
	var o options
	flag.StringVar(&o.configDir, "configDir", "", "folder of Istio's YAML, watched")
	flag.StringVar(&o.meshConfig, "meshConfig", "", "file of the mesh configuration")
	flag.StringVar(&o.xdsAddr, "xdsAddr", "127.0.0.1:15010", "address of the xDS server, without TLS")
	flag.StringVar(&o.debugAddr, "debugAddr", "127.0.0.1:15080", "address of the debug pages")
	flag.StringVar(&o.monitoringAddr, "monitoringAddr", "127.0.0.1:15014", "address of the metrics")
	image := flag.String("pull", "", "instead: the OCI layout of an image, which the agent's code pulls from a registry")
	cache := flag.String("to", "", "with -pull: the folder into which it is pulled")
	flag.Parse()
	work := func() error { return serve(o) }
	if *image != "" {
		work = func() error { return pull(*image, *cache) }
	}
	if err := work(); err != nil {
		fmt.Fprintln(os.Stderr, "istiod-of-files:", err)
		os.Exit(1)
	}
}

// serve runs istiod until the process is told to end.
func serve(o options) error {
	if err := log.Configure(log.DefaultOptions()); err != nil {
		return err
	}
	args := pilotArgs(o)
	if err := args.Complete(); err != nil {
		return err
	}
	clients := kube.NewFakeClient()
	clusters := multicluster.NewController(multicluster.ControllerOptions{
		Client:          clients,
		ClusterID:       "Kubernetes",
		SystemNamespace: args.Namespace,
		MeshConfig:      meshwatcher.NewTestWatcher(mesh.DefaultMeshConfig()),
		Debugger:        args.KrtDebugger,
	})
	var wiring error
	server, err := bootstrap.NewServer(args, func(s *bootstrap.Server) {
		wiring = readFolder(s, args, o.configDir)
		setClusters(s, clusters)
	})
	if wiring != nil {
		return wiring
	}
	if err != nil {
		return err
	}
	stop := make(chan struct{})
	if err := clusters.Run(stop); err != nil {
		return err
	}
	clients.RunAndWait(stop)
	if err := server.Start(stop); err != nil {
		return err
	}
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGINT, syscall.SIGTERM)
	<-ended
	close(stop)
	server.WaitUntilCompletion()
	return nil
}

// pilotArgs are the settings of an istiod without registries and without TLS.
func pilotArgs(o options) *bootstrap.PilotArgs {
	return bootstrap.NewPilotArgs(func(p *bootstrap.PilotArgs) {
		p.Namespace = "istio-system"
		p.PodName = "istiod-of-files"
		p.Revision = "default"
		p.RegistryOptions.Registries = nil
		// The folder becomes a store in readFolder; named here as well, it would become a second one.
		p.RegistryOptions.FileDir = ""
		p.MeshConfigFile = o.meshConfig
		p.ServerOptions.GRPCAddr = o.xdsAddr
		p.ServerOptions.HTTPAddr = o.debugAddr
		p.ServerOptions.MonitoringAddr = o.monitoringAddr
		p.ServerOptions.SecureGRPCAddr = ""
		p.ServerOptions.HTTPSAddr = ""
		p.ServerOptions.TLSOptions.TLSMinVersion = bootstrap.TLSMinVersion1_2
		p.ShutdownDuration = time.Second
		p.KeepaliveOptions = keepalive.DefaultOption()
	})
}

// readFolder makes the folder a configuration store, and the translation of WasmPlugin another one over it.
func readFolder(s *bootstrap.Server, args *bootstrap.PilotArgs, folder string) error {
	kubeOptions := args.RegistryOptions.KubeOptions
	store, err := file.NewController(folder, kubeOptions.DomainSuffix, collections.Pilot, kubeOptions)
	if err != nil {
		return err
	}
	s.ConfigStores = append(s.ConfigStores, store, extensions.NewController(store, updates{server: s}, args.KrtDebugger))
	return nil
}

// setClusters writes the field that istiod fills only with a Kubernetes client.
func setClusters(s *bootstrap.Server, clusters *multicluster.Controller) {
	field := reflect.ValueOf(s).Elem().FieldByName("multiclusterController")
	reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem().Set(reflect.ValueOf(clusters))
}

// updates passes changes on to the xDS server, which istiod makes after its stores.
type updates struct {
	model.XDSUpdater
	server *bootstrap.Server
}

func (u updates) ConfigUpdate(request *model.PushRequest) {
	if u.server.XDSServer != nil {
		u.server.XDSServer.ConfigUpdate(request)
	}
}
