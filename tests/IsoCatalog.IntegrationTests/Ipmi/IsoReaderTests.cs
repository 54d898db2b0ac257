using System.Diagnostics;
using System.Globalization;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Ipmi;

/// <summary>The readers that BMCs and hypervisors are built from, as Debian ships them, on our listener.</summary>
public sealed class IsoReaderTests
{
    private const int Size = (9 * 1024 * 1024) + 12_345;

    [Fact]
    public async Task Nbdkit_reads_it_with_the_arguments_of_openbmc_over_http()
    {
        Counterpart.Require("nbdkit");
        Counterpart.Require("nbdcopy");
        await using var site = await ServingSite.StartAsync();
        var (image, path) = await site.AdvertiseAsync("nbdkit.iso", ServingSite.RandomBytes(Size));
        var copy = site.Folder.Combine("copy");

        var run = await Counterpart.RunAsync(
            "nbdkit", ["-U", "-", "--readonly", "curl", $"url={site.Http}{path}", "followlocation=false", "--run", $"nbdcopy \"$uri\" {copy}"],
            TestContext.Current.CancellationToken);

        run.Succeeded();
        AssertSame(image.StorePath, copy);
    }

    [Fact]
    public async Task Nbdkit_reads_it_with_the_arguments_of_openbmc_over_tls_1_2_and_refuses_an_unknown_authority()
    {
        Counterpart.Require("nbdkit");
        await using var site = await ServingSite.StartAsync(options => options, tls: true);
        var (image, path) = await site.AdvertiseAsync("nbdkit.iso", ServingSite.RandomBytes(Size));
        var copy = site.Folder.Combine("copy");
        var authority = site.Folder.Combine("authority.pem");
        await File.WriteAllTextAsync(authority, site.Authority!.ExportCertificatePem(), TestContext.Current.CancellationToken);
        string[] arguments = ["-U", "-", "--readonly", "curl", $"url={site.Https}{path}", "followlocation=false", "ssl-version=tlsv1.2"];

        var known = await Counterpart.RunAsync(
            "nbdkit", [.. arguments, $"cainfo={authority}", "--run", $"nbdcopy \"$uri\" {copy}"], TestContext.Current.CancellationToken);
        var unknown = await Counterpart.RunAsync(
            "nbdkit", [.. arguments, "--run", $"nbdcopy \"$uri\" {copy}.2"], TestContext.Current.CancellationToken);

        known.Succeeded();
        AssertSame(image.StorePath, copy);
        Assert.NotEqual(0, unknown.ExitCode);
    }

    [Theory]
    [InlineData("-tls1_2", "ECDHE-ECDSA-AES256-GCM-SHA384")]
    [InlineData("-tls1_3", "TLS_AES_256_GCM_SHA384")]
    public async Task Both_tls_versions_offer_the_one_cipher_that_openbmc_takes(string version, string cipher)
    {
        await using var site = await ServingSite.StartAsync(options => options, tls: true);
        string[] only = version == "-tls1_2" ? ["-cipher", cipher] : ["-ciphersuites", cipher];

        var run = await Counterpart.RunAsync(
            "openssl", ["s_client", "-connect", site.Listener.TlsEndPoint!.ToString(), version, .. only], TestContext.Current.CancellationToken);

        Assert.Contains($"Cipher is {cipher}", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-tls1_1", "ALL:@SECLEVEL=0")]
    [InlineData("-tls1_2", "ECDHE-ECDSA-AES256-SHA384:AES256-GCM-SHA384:@SECLEVEL=0")]
    public async Task Older_versions_and_weaker_ciphers_are_refused(string version, string ciphers)
    {
        await using var site = await ServingSite.StartAsync(options => options, tls: true);

        var run = await Counterpart.RunAsync(
            "openssl", ["s_client", "-connect", site.Listener.TlsEndPoint!.ToString(), version, "-cipher", ciphers],
            TestContext.Current.CancellationToken);

        Assert.Contains("Cipher is (NONE)", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Qemu_reads_sectors_and_compares_and_converts_the_whole()
    {
        Counterpart.Require("qemu-io");
        await using var site = await ServingSite.StartAsync();
        var bytes = ServingSite.RandomBytes(9 * 1024 * 1024);
        bytes.AsSpan(32768, 2048).Fill(0x5a);
        bytes.AsSpan(bytes.Length - 2048).Fill(0x33);
        var (image, path) = await site.AdvertiseAsync("qemu.iso", bytes);
        var url = site.Http + path;
        var copy = site.Folder.Combine("copy");

        var read = await Counterpart.RunAsync(
            "qemu-io",
            [
                "-r", "-f", "raw", "-c", "read -P 0x5a 32768 2048", "-c",
                string.Create(CultureInfo.InvariantCulture, $"read -P 0x33 {bytes.Length - 2048} 2048"), url,
            ],
            TestContext.Current.CancellationToken);
        var compare = await Counterpart.RunAsync("qemu-img", ["compare", "-f", "raw", "-F", "raw", url, image.StorePath], TestContext.Current.CancellationToken);
        // One coroutine: with more, the curl driver of QEMU 7.2 can lose a wake-up and hang, on nginx too.
        var convert = await Counterpart.RunAsync("qemu-img", ["convert", "-m", "1", "-f", "raw", "-O", "raw", url, copy], TestContext.Current.CancellationToken);

        Assert.DoesNotContain("failed", read.Succeeded() + read.Error, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("identical", compare.Succeeded(), StringComparison.Ordinal);
        convert.Succeeded();
        AssertSame(image.StorePath, copy);
    }

    [Fact]
    public async Task Httpfs2_mounts_it_as_the_ami_family_does()
    {
        var httpfs2 = Counterpart.Require("httpfs2");
        if (!Environment.IsPrivilegedProcess || !File.Exists("/dev/fuse"))
        {
            Assert.Skip("httpfs2 needs /dev/fuse and the right to mount.");
        }

        await using var site = await ServingSite.StartAsync();
        var (image, path) = await site.AdvertiseAsync("httpfs2.iso", ServingSite.RandomBytes(Size));
        var mount = Directory.CreateDirectory(site.Folder.Combine("mount")).FullName;
        using var reader = Process.Start(new ProcessStartInfo(httpfs2, ["-f", site.Http + path, mount]) { UseShellExecute = false })!;
        try
        {
            var mounted = Path.Combine(mount, Path.GetFileName(path));
            using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
            while (!File.Exists(mounted))
            {
                Assert.False(reader.HasExited, "httpfs2 gave up.");
                await look.WaitForNextTickAsync(TestContext.Current.CancellationToken);
            }

            AssertSame(image.StorePath, mounted);
        }
        finally
        {
            await Counterpart.RunAsync("umount", ["-l", mount], CancellationToken.None);
            reader.Kill(entireProcessTree: true);
            await reader.WaitForExitAsync(CancellationToken.None);
        }
    }

    [Theory]
    [InlineData("--http1.0")]
    [InlineData("--http1.1")]
    public async Task Curl_reads_it_whole_in_ranges_and_resumes(string version)
    {
        await using var site = await ServingSite.StartAsync();
        var bytes = ServingSite.RandomBytes(Size);
        var (_, path) = await site.AdvertiseAsync("curl.iso", bytes);
        var copy = site.Folder.Combine("copy");

        async Task<byte[]> FetchAsync(params string[] arguments)
        {
            var run = await Counterpart.RunAsync("curl", ["-sS", "-f", version, "-o", copy, .. arguments, site.Http + path], TestContext.Current.CancellationToken);
            run.Succeeded();
            return await File.ReadAllBytesAsync(copy, TestContext.Current.CancellationToken);
        }

        Assert.Equal(bytes, await FetchAsync());
        Assert.Equal(bytes[4096..8192], await FetchAsync("-r", "4096-8191"));
        Assert.Equal(bytes[^2048..], await FetchAsync("-r", "-2048"));
        Assert.Equal(bytes, await FetchAsync("-r", "0-10,20-30"));
        await File.WriteAllBytesAsync(copy, bytes[..5_000_000], TestContext.Current.CancellationToken);
        Assert.Equal(bytes, await FetchAsync("-C", "-"));
    }

    private static void AssertSame(string expected, string actual) => Assert.Equal(File.ReadAllBytes(expected), File.ReadAllBytes(actual));
}
