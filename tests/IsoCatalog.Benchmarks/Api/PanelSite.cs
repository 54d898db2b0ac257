using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using IsoCatalog.Client;
using IsoCatalog.Testing;

namespace IsoCatalog.Benchmarks.Api;

/// <summary>A real site with 1,000 images in its list, and nginx with the very bytes of that list as a static file.</summary>
internal sealed class PanelSite : IAsyncDisposable
{
    /// <summary>The question whose answer is measured.</summary>
    public const string Question = "/api/v1/available?surface=console";

    /// <summary>Where nginx has the same bytes.</summary>
    public const string File = "/available.json";

    private const int Images = 1000;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly TestSite _site;

    private PanelSite(TestSite site, NginxProcess nginx, string tag)
    {
        _site = site;
        Nginx = nginx;
        Tag = tag;
    }

    public NginxProcess Nginx { get; }

    /// <summary>Of the answer, with its quotation marks.</summary>
    public string Tag { get; }

    public IPEndPoint Address => IPEndPoint.Parse(_site.Api.Authority);

    /// <summary>What the site's process holds in memory now, in bytes.</summary>
    public long ResidentBytes
    {
        get
        {
            using var process = System.Diagnostics.Process.GetProcessById(_site.ProcessId);
            return process.WorkingSet64;
        }
    }

    public static async Task<PanelSite> StartAsync(string folder, CancellationToken cancellationToken)
    {
        var site = await TestSite.PrepareAsync(cancellationToken, new TestSiteOptions
        {
            OwnProcess = true,
            Surfaces = """
              - { name: bmc, kind: ipmi, allow: ["127.0.0.0/8"] }
              - { name: console, kind: volume, path: "{root}/console" }
            """,
        });
        NginxProcess? nginx = null;
        try
        {
            Directory.CreateDirectory(site.Inbox);
            for (var i = 0; i < Images; i++)
            {
                var name = string.Create(CultureInfo.InvariantCulture, $"debian-{(i / 100) + 1}.{i % 100}.0-amd64-netinst.iso");
                await System.IO.File.WriteAllBytesAsync(
                    Path.Combine(site.Inbox, name), IsoBuilder.InMemory($"DEBIAN_{i}", 4096, seed: i), cancellationToken);
            }

            await site.StartAgainAsync(cancellationToken);
            await FillAsync(site, cancellationToken);

            // As in service: what the adding of a thousand images left in memory is of no interest.
            await site.StopAsync();
            await site.StartAgainAsync(cancellationToken);
            var www = Directory.CreateDirectory(Path.Combine(folder, "www")).FullName;
            var tag = await CopyAsync(site.Api, www + File, "identity", cancellationToken);
            await CopyAsync(site.Api, www + File + ".gz", "gzip", cancellationToken);
            nginx = await NginxProcess.StartAsync(folder, cancellationToken);
            return new PanelSite(site, nginx, tag);
        }
        catch
        {
            await site.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Nginx.DisposeAsync();
        await _site.DisposeAsync();
    }

    private static async Task FillAsync(TestSite site, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        while ((await site.Client.GetAvailableAsync(new AvailableRequest("console"), patience.Token)).Images.Count < Images)
        {
            await Task.Delay(500, patience.Token);
        }
    }

    private static async Task<string> CopyAsync(Uri api, string path, string encoding, CancellationToken cancellationToken)
    {
        using var client = new HttpClient(new SocketsHttpHandler());
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(api, Question));
        request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue(encoding));
        using var answer = await client.SendAsync(request, cancellationToken);
        answer.EnsureSuccessStatusCode();
        await System.IO.File.WriteAllBytesAsync(path, await answer.Content.ReadAsByteArrayAsync(cancellationToken), cancellationToken);
        return answer.Headers.ETag!.ToString();
    }
}
