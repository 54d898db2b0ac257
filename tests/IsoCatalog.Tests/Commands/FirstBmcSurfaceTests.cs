using System.Net;
using IsoCatalog.Appliance.Commands;
using Xunit;

namespace IsoCatalog.Tests.Commands;

public sealed class FirstBmcSurfaceTests
{
    [Theory]
    [InlineData("10.0.0.5", "10.100.0.0/16", "", "10.0.0.5")]
    [InlineData("127.0.0.1", "127.0.0.0/8", "", "127.0.0.1")]
    [InlineData("10.0.0.5 2001:db8::5", "10.100.0.0/16", "", "10.0.0.5")]
    [InlineData("10.0.0.5 2001:db8::5", "fd00::/8", "", "2001:db8::5")]
    [InlineData("127.0.1.1 10.0.0.5", "10.100.0.0/16", "", "10.0.0.5")]
    [InlineData("fe80::1 2001:db8::5", "fd00::/8", "", "2001:db8::5")]
    [InlineData("::ffff:10.0.0.5", "10.100.0.0/16", "", "10.0.0.5")]
    [InlineData("192.0.2.1 10.0.0.5", "10.100.0.0/16", "10.0.0.5", "10.0.0.5")]
    [InlineData("10.0.0.5 10.0.0.5", "10.100.0.0/16", "", "10.0.0.5")]
    public void The_address_is_the_one_that_BMCs_of_these_networks_can_use(string found, string allow, string own, string expected) =>
        Assert.Equal(expected, Choose(found, allow, own).Address?.ToString());

    [Theory]
    [InlineData("127.0.1.1", "10.100.0.0/16", "ams.example.com is 127.0.1.1. 127.0.1.1 is an address that this machine alone reaches")]
    [InlineData("10.0.0.5", "fd00::/8", "is IPv4, and allow names IPv6 networks alone")]
    [InlineData("10.0.0.5 10.0.0.6", "10.100.0.0/16", "ams.example.com is 10.0.0.5, 10.0.0.6, and the URLs for BMCs name one address.")]
    [InlineData("10.0.0.5 2001:db8::5", "10.100.0.0/16 fd00::/8", "the URLs for BMCs name one address.")]
    [InlineData("127.0.1.1 fe80::1", "10.100.0.0/16", "none of them is an address that BMCs in 10.100.0.0/16 can use.")]
    public void Otherwise_it_is_said_why_there_is_none_and_what_to_do(string found, string allow, string why)
    {
        var (address, said) = Choose(found, allow, "");
        Assert.Null(address);
        Assert.Contains(why, said, StringComparison.Ordinal);
        Assert.EndsWith("--bmc-address IP.", said, StringComparison.Ordinal);
    }

    private static (IPAddress? Address, string? Why) Choose(string found, string allow, string own) => FirstBmcSurface.Choose(
        "ams.example.com", [.. Words(found).Select(IPAddress.Parse)], [.. Words(allow).Select(IPNetwork.Parse)], Words(own).Select(IPAddress.Parse).ToHashSet());

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
