using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using IsoCatalog.IntegrationTests.Surfaces;
using IsoCatalog.Surfaces;

namespace IsoCatalog.IntegrationTests.Ovirt;

/// <summary>An ISO domain that a simulated engine lists.</summary>
public sealed class OvirtIsoDomainContractTests : FileSurfaceContract
{
    private OvirtBench? _bench;
    private bool _opened;

    public override async ValueTask InitializeAsync()
    {
        _bench = await OvirtBench.StartAsync(with: options => options with { Tls = false }, check: false);
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (_bench is not null)
        {
            await _bench.DisposeAsync();
        }
    }

    protected override Task<ISurface> CreateAsync()
    {
        if (_opened)
        {
            _bench!.Open();
        }

        _opened = true;
        return Task.FromResult<ISurface>(_bench!.Surface);
    }

    /// <summary>A virtual machine finds it when the engine lists the name, asked by somebody else than us.</summary>
    protected override async Task<byte[]?> SeenByClientAsync(StoredImage image)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes("admin@internal:" + OvirtBench.Password)));
        http.DefaultRequestHeaders.Accept.ParseAdd("application/json");
        var list = JsonNode.Parse(await http.GetStringAsync(new Uri($"{_bench!.Engine.Url}/api/storagedomains/{OvirtBench.Domain:D}/files?refresh=true"), Cancel));
        return (list!["file"]?.AsArray() ?? []).Any(f => (string)f!["name"]! == Surface.MountOf(image, null)!.FileId)
            ? await File.ReadAllBytesAsync(ServedPath(image), Cancel)
            : null;
    }

    protected override string ServedPath(StoredImage image) => _bench!.Shown(image);

    protected override IEnumerable<string> Secrets(StoredImage image) => [OvirtBench.Password];
}
