using System.Net;
using System.Text.Json;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Commands;

/// <summary>What <c>init</c> writes for BMCs, and what a site with it does.</summary>
public sealed class InitTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Config => _folder.Combine("site.yaml");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_surface_for_BMCs_has_the_address_and_the_networks_that_were_given()
    {
        var (exit, output, errors) = await InitAsync("--address", "10.0.0.5", "--bmc-allow", "10.100.0.0/16,10.101.0.0/16", "--bmc-allow", "10.9.9.9", "--json");

        Assert.True(exit == 0, errors);
        var surface = Assert.Single(Surfaces().OfType<SurfaceConfiguration.Ipmi>());
        Assert.Equal(IPAddress.Parse("10.0.0.5"), surface.Address);
        Assert.Equal(["10.100.0.0/16", "10.101.0.0/16", "10.9.9.9/32"], surface.Allow.Select(network => network.ToString()));
        using var report = JsonDocument.Parse(output);
        Assert.Equal("10.0.0.5", report.RootElement.GetProperty("bmc").GetProperty("address").GetString());
        Assert.Empty(Loaded().Warnings);
    }

    [Fact]
    public async Task An_IPv6_address_is_listened_on_and_goes_before_the_one_of_the_fleet()
    {
        var (exit, _, errors) = await InitAsync("--address", "ams.example.invalid", "--bmc-address", "[2001:db8::5]", "--bmc-allow", "fd00:100::/32");

        Assert.True(exit == 0, errors);
        Assert.Equal(IPAddress.Parse("2001:db8::5"), Assert.Single(Surfaces().OfType<SurfaceConfiguration.Ipmi>()).Address);
        Assert.Equal("[::]:8088", Loaded().Configuration.Listen.Iso.ToString());
    }

    [Theory]
    [InlineData("--address", "10.0.0.5")]
    [InlineData("--address", "ams.example.invalid")]
    [InlineData("--site", "ams")]
    public async Task Without_networks_there_is_no_surface_for_BMCs_and_what_to_write_is_said(string option, string value)
    {
        var (exit, output, errors) = await InitAsync(option, value);

        Assert.True(exit == 0, errors);
        Assert.Empty(Surfaces());
        Assert.Contains("There is no surface for BMCs.", output, StringComparison.Ordinal);

        // What is said to write there is right.
        var line = output.Split('\n').Single(l => l.Contains("- { name: bmc", StringComparison.Ordinal));
        var text = (await File.ReadAllTextAsync(Config, Cancel)).Replace("# surfaces:", "surfaces:", StringComparison.Ordinal) + line + "\n";
        Assert.Single(Assert.IsType<ConfigurationResult.Loaded>(ConfigurationFile.Parse(text, Config, _folder.Path)).Configuration.Surfaces);
    }

    [Theory]
    [InlineData("has no address here", "--address", "ams.example.invalid", "--bmc-allow", "10.100.0.0/16")]
    [InlineData("127.0.0.1 is an address that this machine alone reaches", "--address", "127.0.0.1", "--bmc-allow", "10.100.0.0/16")]
    [InlineData("none of them is an address|this machine alone reaches", "--address", "localhost", "--bmc-allow", "10.100.0.0/16")]
    [InlineData("stands for all addresses", "--bmc-address", "0.0.0.0", "--bmc-allow", "10.100.0.0/16")]
    [InlineData("is IPv4, and allow names IPv6", "--bmc-address", "10.0.0.5", "--bmc-allow", "fd00::/8")]
    [InlineData("--bmc-allow needs --bmc-address", "--bmc-allow", "10.100.0.0/16")]
    [InlineData("is not a network", "--bmc-address", "10.0.0.5", "--bmc-allow", "10.100.0.0/16,bmcs")]
    [InlineData("has bits set after its first 16", "--bmc-address", "10.0.0.5", "--bmc-allow", "10.100.3.0/16")]
    [InlineData("site: ", "--site", "AMS", "--bmc-address", "10.0.0.5", "--bmc-allow", "10.100.0.0/16")]
    public async Task What_cannot_work_is_refused_before_anything_is_written(string why, params string[] options)
    {
        var (exit, _, errors) = await InitAsync(options);

        Assert.Equal(2, exit);
        Assert.Contains(why.Split('|'), part => errors.Contains(part, StringComparison.Ordinal));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task Loopback_with_loopback_alone_is_for_trying_things_out()
    {
        var (exit, _, errors) = await InitAsync("--bmc-address", "127.0.0.1", "--bmc-allow", "127.0.0.0/8");

        Assert.True(exit == 0, errors);
        Assert.Contains("this machine alone reaches", Assert.Single(Loaded().Warnings).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Networks_for_a_configuration_that_is_there_change_nothing_and_that_is_said()
    {
        await InitAsync("--site", "ams");
        var before = await File.ReadAllTextAsync(Config, Cancel);

        var (exit, output, _) = await InitAsync("--site", "ams", "--bmc-address", "10.0.0.5", "--bmc-allow", "10.100.0.0/16");

        Assert.Equal(0, exit);
        Assert.Contains("so --bmc-allow changed nothing.", output, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllTextAsync(Config, Cancel));
    }

    [Theory]
    [InlineData("serve", "--config")]
    [InlineData("check-config")]
    public async Task A_site_that_no_BMC_can_mount_from_is_refused_with_its_line(params string[] verb)
    {
        await File.WriteAllTextAsync(Config, $"site: ams\ndata: {_folder.Combine("data")}\nsurfaces:\n  - {{ name: bmc, kind: ipmi, address: 127.0.0.1, allow: [\"10.100.0.0/16\"] }}\n", Cancel);

        var (exit, output, errors) = await TestSite.RunAsync([.. verb, Config], Cancel);

        Assert.Equal(3, exit);
        Assert.Contains($"{Config}:4:30: surfaces[0].address: 127.0.0.1 is an address that this machine alone reaches", output + errors, StringComparison.Ordinal);
        Assert.Contains("Write the address of this machine that BMCs reach", output + errors, StringComparison.Ordinal);
    }

    private Task<(int Exit, string Output, string Errors)> InitAsync(params string[] options) => TestSite.RunAsync(
        ["init", "--config", Config, "--data", _folder.Combine("data"), "--root-key", _folder.Combine("root-key.pem"), .. options], Cancel);

    private ConfigurationResult.Loaded Loaded() => Assert.IsType<ConfigurationResult.Loaded>(ConfigurationFile.Load(Config));

    private IReadOnlyList<SurfaceConfiguration> Surfaces() => Loaded().Configuration.Surfaces;
}
