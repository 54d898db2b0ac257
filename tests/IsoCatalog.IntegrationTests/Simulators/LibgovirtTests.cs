using System.Diagnostics;
using IsoCatalog.IntegrationTests.Api;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Simulators;

/// <summary>The simulated engine, read by a client that was written for real ones.</summary>
public sealed class LibgovirtTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task It_lists_the_storage_domains_and_the_files_of_the_iso_domain(bool tls)
    {
        await using var bench = await EngineBench.StartAsync(o => o with { Tls = tls });
        bench.Put("debian-12.iso");
        bench.Put("memtest.iso");
        var center = bench.Engine.DataCenterId("Default");

        var (code, output, error) = await RunAsync(bench, bench.Engine.CaFile ?? "", tls);

        Assert.True(code == 0, error);
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        Assert.Matches($"^data-Default [0-9a-f-]{{36}} data {center:D} -$", lines[0]);
        Assert.Equal($"iso {EngineBench.Domain:D} iso {center:D} debian-12.iso,memtest.iso", lines[1]);
    }

    [Fact]
    public async Task It_sees_an_empty_domain_as_empty()
    {
        await using var bench = await EngineBench.StartAsync();

        var (code, output, error) = await RunAsync(bench, "", tls: false);

        Assert.True(code == 0, error);
        Assert.Contains(" none\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_does_not_believe_an_engine_without_its_ca()
    {
        await using var bench = await EngineBench.StartAsync(o => o with { Tls = true });
        await using var other = await EngineBench.StartAsync(o => o with { Tls = true });

        var (code, output, _) = await RunAsync(bench, other.Engine.CaFile!, tls: true);

        Assert.NotEqual(0, code);
        Assert.Empty(output);
        Assert.Empty(bench.Engine.Requests);
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(EngineBench bench, string caFile, bool tls)
    {
        Counterpart.RequireFile("/usr/lib/python3/dist-packages/gi/__init__.py", "python3-gi");
        Counterpart.RequireLibrary("girepository-1.0/GoVirt-1.0.typelib", "gir1.2-govirt-1.0");

        // Debian's own interpreter: another one in PATH has not got Debian's modules.
        var start = new ProcessStartInfo(
            Counterpart.RequireFile("/usr/bin/python3", "python3"),
            [
                OpenApiDocumentTests.RepositoryFile("tests/IsoCatalog.IntegrationTests/Simulators/libgovirt_client.py"),
                bench.Engine.Url.Authority,
                caFile,
            ])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (!tls)
        {
            start.Environment["GOVIRT_DISABLE_HTTPS"] = "1";
        }

        using var process = Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromMinutes(1));
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, await output, await error);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }
}
