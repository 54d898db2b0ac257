using System.Net;
using IsoCatalog.Core.Connections;
using Xunit;

namespace IsoCatalog.Tests.Connections;

public sealed class SeenAddressesTests
{
    [Fact]
    public void The_last_eight_addresses_of_each_are_remembered_mapped_ones_as_what_they_are()
    {
        var seen = new SeenAddresses();
        for (var i = 0; i < 10; i++)
        {
            seen.Add("nyc", new IPAddress([10, 0, 0, (byte)i]));
        }

        seen.Add("msk", IPAddress.Parse("::ffff:10.0.1.1"));

        Assert.Equal(
            Enumerable.Range(2, 8), Enumerable.Range(0, 12).Where(i => seen.Contains(new IPAddress([10, 0, 0, (byte)i]))));
        Assert.True(seen.Contains(IPAddress.Parse("10.0.1.1")));
        Assert.True(seen.Contains(IPAddress.Parse("::ffff:10.0.0.9")));
    }
}
