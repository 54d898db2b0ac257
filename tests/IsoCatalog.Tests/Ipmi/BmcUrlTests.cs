using System.Net;
using FsCheck;
using FsCheck.Fluent;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Surfaces.Ipmi;
using Xunit;

namespace IsoCatalog.Tests.Ipmi;

public sealed class BmcUrlTests
{
    private static readonly Config Thorough = Config.QuickThrowOnFailure.WithMaxTest(2000);
    private static readonly byte[] Secret = [.. Enumerable.Range(0, 32).Select(number => (byte)number)];
    private static readonly ImageId Image = new(new Sha256Digest(new byte[32]));

    [Theory]
    [InlineData("debian-12.1.0-amd64-netinst.iso", "debian_12.1.0_amd64_netinst.iso")]
    [InlineData("Win_Server_2022.ISO", "win_server_2022.iso")]
    [InlineData("memtest86+x64.iso", "memtest86_x64.iso")]
    [InlineData("Élan vitál, n° 3.iso", "elan_vital_n_3.iso")]
    [InlineData("Ünïcode\u0301 Łódź.iso", "unicode_lodz.iso")]
    [InlineData("..iso", "image.iso")]
    [InlineData("Москва.iso", "image.iso")]
    [InlineData("a%2f..%2fb?x=y&z.iso", "a_2f.._2fb_x_y_z.iso")]
    [InlineData("no-extension", "no_extension.iso")]
    [InlineData("0123456789012345678901234567890123456789-and-more.iso", "0123456789012345678901234567890123456789.iso")]
    public void A_file_name_becomes_what_every_firmware_can_fetch(string fileName, string expected) =>
        Assert.Equal(expected, BmcUrl.NameOf(fileName));

    [Fact]
    public void Every_path_has_one_directory_plain_characters_and_at_most_63_of_them() =>
        Check.One(Thorough, Prop.ForAll<NonNull<string>>(name =>
        {
            var path = BmcUrl.PathOf("abcdefghij234567", name.Get);
            var parts = path.Split('/');
            return path.Length <= BmcUrl.MaxPathLength && parts is ["", "abcdefghij234567", { Length: > 4 }]
                && path.EndsWith(".iso", StringComparison.Ordinal) && parts[2][0] != '.'
                && parts[2].All(character => character is >= 'a' and <= 'z' or >= '0' and <= '9' or '.' or '_');
        }));

    [Fact]
    public void A_name_that_is_fit_already_stays_as_it_is() =>
        Check.One(Thorough, Prop.ForAll<NonNull<string>>(name => BmcUrl.NameOf(BmcUrl.NameOf(name.Get)) == BmcUrl.NameOf(name.Get)));

    [Fact]
    public void A_catalog_name_of_the_greatest_length_fits()
    {
        var path = BmcUrl.PathOf("abcdefghij234567", "A" + new string('x', 200) + ".iso");
        Assert.Equal(BmcUrl.MaxPathLength, path.Length);
    }

    [Theory]
    [InlineData("http", "10.0.0.5", 80, "http://10.0.0.5/t/x.iso")]
    [InlineData("http", "10.0.0.5", 8088, "http://10.0.0.5:8088/t/x.iso")]
    [InlineData("https", "10.0.0.5", 443, "https://10.0.0.5/t/x.iso")]
    [InlineData("https", "10.0.0.5", 80, "https://10.0.0.5:80/t/x.iso")]
    [InlineData("http", "2001:db8::7", 80, "http://[2001:db8::7]/t/x.iso")]
    [InlineData("http", "2001:db8::7", 8088, "http://[2001:db8::7]:8088/t/x.iso")]
    public void The_port_stands_only_where_it_is_needed(string scheme, string address, int port, string expected) =>
        Assert.Equal(expected, BmcUrl.Of(scheme, IPAddress.Parse(address), port, "/t/x.iso"));

    [Fact]
    public void A_standing_token_is_the_same_for_the_same_secret_surface_and_image_and_for_nothing_else()
    {
        // python3: base64.b32encode(hmac.new(bytes(range(32)), b"bmc\nsha256:" + b"0" * 64, "sha256").digest()[:10]).decode().lower()
        Assert.Equal("gxmz3lrgy6uunbrg", BmcToken.Standing(Secret, "bmc", Image));

        var otherImage = new ImageId(new Sha256Digest([.. Enumerable.Repeat((byte)1, 32)]));
        Assert.NotEqual(BmcToken.Standing(Secret, "bmc", Image), BmcToken.Standing(Secret, "bmc2", Image));
        Assert.NotEqual(BmcToken.Standing(Secret, "bmc", Image), BmcToken.Standing(Secret, "bmc", otherImage));
        Assert.NotEqual(BmcToken.Standing(Secret, "bmc", Image), BmcToken.Standing([.. Secret.Reverse()], "bmc", Image));
        Assert.Throws<ArgumentException>(() => BmcToken.Standing(Secret.AsSpan(1), "bmc", Image));
    }

    [Fact]
    public void A_lease_token_is_new_each_time()
    {
        var tokens = Enumerable.Range(0, 1000).Select(_ => BmcToken.New()).ToHashSet();
        Assert.Equal(1000, tokens.Count);
        Assert.All(tokens, token => Assert.True(BmcToken.IsValid(token)));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("abcdefghij23456")]
    [InlineData("abcdefghij2345678")]
    [InlineData("ABCDEFGHIJ234567")]
    [InlineData("abcdefghij23456/")]
    [InlineData("abcdefghij234561")]
    public void What_is_no_token_makes_no_path(string? token)
    {
        Assert.False(BmcToken.IsValid(token));
        Assert.Throws<ArgumentException>(() => BmcUrl.PathOf(token!, "x.iso"));
    }
}
