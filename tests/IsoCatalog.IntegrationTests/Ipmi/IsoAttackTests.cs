using System.Net;
using System.Text;
using IsoCatalog.Surfaces;
using IsoCatalog.Surfaces.Ipmi;
using Xunit;

namespace IsoCatalog.IntegrationTests.Ipmi;

/// <summary>What somebody on the BMC network, or with hands in the store, may try.</summary>
public sealed class IsoAttackTests
{
    private static readonly byte[] Bytes = ServingSite.RandomBytes(200_000);

    [Theory]
    [InlineData("/../../../../etc/passwd")]
    [InlineData("/{token}/../../etc/passwd")]
    [InlineData("/{token}/../{token}/{name}")]
    [InlineData("/{token}/./{name}")]
    [InlineData("//{token}/{name}")]
    [InlineData("/{token}//{name}")]
    [InlineData("/{token}/{name}/")]
    [InlineData("/{token}/{name}.")]
    [InlineData("/{token}%2f{name}")]
    [InlineData("/{token}/%61ttack.iso")]
    [InlineData("/%2e%2e/{token}/{name}")]
    [InlineData("/{token}\\{name}")]
    [InlineData("/{token}/{name}%00")]
    [InlineData("/{token}/ATTACK.ISO")]
    [InlineData("/{token}/")]
    [InlineData("/{token}")]
    [InlineData("*")]
    [InlineData("{token}/{name}")]
    public async Task A_path_has_one_spelling_and_no_other_finds_a_file(string shape)
    {
        await using var site = await ServingSite.StartAsync();
        var (_, path) = await site.AdvertiseAsync("attack.iso", Bytes);
        var parts = path.Split('/');
        var target = shape.Replace("{token}", parts[1], StringComparison.Ordinal).Replace("{name}", parts[2], StringComparison.Ordinal);

        var answer = await RawClient.AskAsync(site.Listener.PlainEndPoint!, RawClient.Get(target));

        Assert.True(answer.Status is 404 or 400 or 405, $"{target} gave {answer.Status}");
        Assert.Empty(answer.Body);
    }

    [Fact]
    public async Task A_guess_a_foreign_lease_and_a_client_outside_the_allow_list_all_get_the_same_404()
    {
        await using var site = await ServingSite.StartAsync();
        var image = site.Store("secret.iso", Bytes);
        var surface = site.Surface("bmc", "127.0.0.9/32");
        Assert.IsType<SurfaceOutcome.Done>(await surface.AdvertiseAsync(image, TestContext.Current.CancellationToken));
        var standing = new Uri(surface.MountOf(image, null)!.Url!).AbsolutePath;
        var lease = new Uri(surface.AddLease(BmcToken.New(), image, IPAddress.Parse("127.0.0.7"))!.Url!).AbsolutePath;
        var server = site.Listener.PlainEndPoint!;

        Assert.Equal(200, (await RawClient.AskAsync(server, RawClient.Get(standing), from: "127.0.0.9")).Status);
        Assert.Equal(200, (await RawClient.AskAsync(server, RawClient.Get(lease), from: "127.0.0.7")).Status);

        var nowhere = await RawClient.AskAsync(server, RawClient.Get("/aaaaaaaaaaaaaaaa/nothing.iso"));
        Assert.Equal(404, nowhere.Status);
        (string Path, string From)[] guesses =
        [
            (standing, "127.0.0.1"), (standing, "127.0.0.7"), (lease, "127.0.0.1"), (lease, "127.0.0.9"),
            (Guess(standing), "127.0.0.9"), (Guess(lease), "127.0.0.7"), (standing + "x", "127.0.0.9"), (standing[..18] + "other.iso", "127.0.0.9"),
        ];
        foreach (var (path, from) in guesses)
        {
            Assert.Equal(nowhere.Lines, (await RawClient.AskAsync(server, RawClient.Get(path), from)).Lines);
            Assert.Equal(nowhere.Lines, (await RawClient.AskAsync(server, RawClient.Head(path), from)).Lines);
            Assert.Equal(nowhere.Lines, (await RawClient.AskAsync(server, RawClient.Get(path, "Range: bytes=0-1", "X-Forwarded-For: 127.0.0.9"), from)).Lines);
        }

        static string Guess(string path) => path[..16] + (path[16] == 'a' ? 'b' : 'a') + path[17..];
    }

    [Theory]
    [InlineData("GET {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{next}")]
    [InlineData("GET {path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{next}")]
    [InlineData("GET {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 40\r\n\r\n{next}")]
    [InlineData("GET {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 40\r\n\r\n{next}")]
    [InlineData("GET {path} HTTP/1.1\r\nHost: a\r\nContent-Length : 40\r\n\r\n{next}")]
    [InlineData("GET {path} HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n{next}")]
    [InlineData("GET {path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n{next}")]
    [InlineData("GET {path} HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n{next}")]
    [InlineData("GET {path} HTTP/1.1\r\nHost: a\r\n folded: x\r\n\r\n{next}")]
    [InlineData("GET {path} HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n{next}")]
    [InlineData("GET {path} HTTP/1.1\r\n\r\n{next}")]
    [InlineData("GET {path} HTTP/2.0\r\nHost: a\r\n\r\n{next}")]
    [InlineData("\u0016\u0003\u0001\u0002\0\r\n\r\n{next}")]
    public async Task A_request_that_two_readers_could_end_in_two_places_is_refused_and_nothing_behind_it_is_read(string shape)
    {
        await using var site = await ServingSite.StartAsync();
        var (_, path) = await site.AdvertiseAsync("attack.iso", Bytes);
        using var client = await RawClient.ConnectAsync(site.Listener.PlainEndPoint!);

        await client.SendAsync(
            shape.Replace("{path}", path, StringComparison.Ordinal).Replace("{next}", RawClient.Get(path), StringComparison.Ordinal));
        var answer = Encoding.Latin1.GetString(await client.ReadToEndAsync());

        Assert.StartsWith("HTTP/1.1 ", answer, StringComparison.Ordinal);
        Assert.Contains(answer[9..12], (string[])["400", "405", "505"]);
        Assert.Equal(1, answer.Split("HTTP/1.1 ").Length - 1);
        Assert.Contains("Connection: close", answer, StringComparison.Ordinal);
        Assert.InRange(answer.Length, 1, 1023);
    }

    [Theory]
    [InlineData(60, 10, 0)]
    [InlineData(3, 4000, 0)]
    [InlineData(1, 100_000, 0)]
    [InlineData(1, 1, 5000)]
    public async Task A_flood_of_headers_is_refused_and_closed(int count, int length, int pathLength)
    {
        await using var site = await ServingSite.StartAsync();
        var (_, path) = await site.AdvertiseAsync("attack.iso", Bytes);
        using var client = await RawClient.ConnectAsync(site.Listener.PlainEndPoint!);

        await client.SendAsync(RawClient.Get(
            path + new string('x', pathLength), [.. Enumerable.Range(0, count).Select(n => $"X-{n}: {new string('y', length)}")]));
        var answer = Encoding.Latin1.GetString(await client.ReadToEndAsync());

        // A client that is still sending when we close may see the reset before the answer.
        Assert.True(answer.Length == 0 || answer[9..12] is "431" or "414", answer);
        Assert.Equal(200, (await RawClient.AskAsync(site.Listener.PlainEndPoint!, RawClient.Get(path))).Status);
    }

    [Fact]
    public async Task A_file_put_in_place_of_a_served_one_is_never_served()
    {
        await using var site = await ServingSite.StartAsync();
        var (image, path) = await site.AdvertiseAsync("attack.iso", Bytes);
        var surface = site.Surface();
        var lease = new Uri(surface.AddLease(BmcToken.New(), image, IPAddress.Loopback)!.Url!).AbsolutePath;
        using var client = await RawClient.ConnectAsync(site.Listener.PlainEndPoint!);
        await client.SendAsync(RawClient.Get(path));
        Assert.Equal(Bytes, (await client.ReadAsync()).Body);

        var other = site.Folder.Write("other", new byte[Bytes.Length]);
        File.Move(other, image.StorePath, overwrite: true);

        await client.SendAsync(RawClient.Get(path) + RawClient.Get(lease, "Range: bytes=0-9") + RawClient.Head(path));
        Assert.Equal(404, (await client.ReadAsync()).Status);
        var unavailable = await client.ReadAsync();
        Assert.Equal(503, unavailable.Status);
        Assert.Empty(unavailable.Body);
        Assert.NotNull(unavailable["Retry-After"]);
        Assert.Equal(404, (await client.ReadAsync(isHead: true)).Status);
        Assert.Equal(image.Id, (await site.DoubtAsync()).Image);
        Assert.False(site.Doubts.TryRead(out _), "One doubt is told once.");
    }

    [Fact]
    public async Task A_file_edited_in_place_is_not_served_though_name_inode_and_size_are_the_same()
    {
        await using var site = await ServingSite.StartAsync();
        var (image, path) = await site.AdvertiseAsync("attack.iso", Bytes);

        await using (var edit = new FileStream(image.StorePath, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            edit.WriteByte((byte)~Bytes[0]);
        }

        File.SetLastWriteTimeUtc(image.StorePath, DateTime.UnixEpoch.AddTicks(image.StoreReceipt.ModifiedNs / 100));

        Assert.Equal(404, (await RawClient.AskAsync(site.Listener.PlainEndPoint!, RawClient.Get(path))).Status);
        Assert.Equal("file-changed", (await site.DoubtAsync()).Code);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_file_truncated_or_edited_in_mid_transfer_cuts_the_response_and_no_byte_of_it_is_wrong(bool truncate)
    {
        var bytes = ServingSite.RandomBytes(48 * 1024 * 1024);
        await using var site = await ServingSite.StartAsync();
        var (image, path) = await site.AdvertiseAsync("attack.iso", bytes);
        using var client = await RawClient.ConnectAsync(site.Listener.PlainEndPoint!, receiveBuffer: 64 * 1024);
        await client.SendAsync(RawClient.Get(path));
        var first = await client.ReceiveAsync(100_000);

        await using (var edit = new FileStream(image.StorePath, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            if (truncate)
            {
                edit.SetLength(bytes.Length - 1000);
            }
            else
            {
                edit.Position = 40 * 1024 * 1024;
                edit.WriteByte((byte)~bytes[40 * 1024 * 1024]);
            }
        }

        byte[] all = [.. first, .. await client.ReadToEndAsync()];
        var body = all.AsSpan(all.AsSpan().IndexOf("\r\n\r\n"u8) + 4);
        Assert.InRange(body.Length, 1, 40 * 1024 * 1024);
        Assert.True(body.SequenceEqual(bytes.AsSpan(0, body.Length)));
        Assert.Equal(image.Id, (await site.DoubtAsync()).Image);
        Assert.Equal(404, (await RawClient.AskAsync(site.Listener.PlainEndPoint!, RawClient.Get(path))).Status);
    }
}
