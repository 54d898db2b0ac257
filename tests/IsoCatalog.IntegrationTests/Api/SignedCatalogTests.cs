using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Api;

/// <summary>The signed catalog of a real site, checked without any of our code.</summary>
public sealed class SignedCatalogTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task OpenSSL_alone_verifies_the_catalog_and_notices_a_changed_byte()
    {
        await using var site = await TestSite.StartAsync(Cancel);
        var image = await ApiCaller.AddAsync(site, "one.iso", 1);
        var catalog = Path.Combine(site.Data, "catalog");
        var file = Assert.Single(Directory.GetFiles(Path.Combine(catalog, "documents", "ams")));
        using var envelope = JsonDocument.Parse(await File.ReadAllBytesAsync(file, Cancel));
        var payload = envelope.RootElement.GetProperty("payload").GetBytesFromBase64();
        var type = envelope.RootElement.GetProperty("payloadType").GetString()!;
        var signature = Path.Combine(site.Root, "sig");
        await File.WriteAllBytesAsync(signature, envelope.RootElement.GetProperty("signatures")[0].GetProperty("sig").GetBytesFromBase64(), Cancel);
        var privateKey = Path.Combine(site.Data, "keys", "site-sign.pem");
        var publicKey = Path.Combine(site.Root, "pub.pem");
        (await Counterpart.RunAsync("openssl", ["pkey", "-in", privateKey, "-pubout", "-out", publicKey], Cancel)).Succeeded();

        Assert.Contains("Verified OK", await Verify(payload), StringComparison.Ordinal);
        payload[^2] ^= 1;
        Assert.Contains("Verification failure", await Verify(payload), StringComparison.OrdinalIgnoreCase);
        payload[^2] ^= 1;
        using var document = JsonDocument.Parse(payload);
        Assert.False(document.RootElement.TryGetProperty("prev", out _));
        Assert.Equal(Path.GetFileNameWithoutExtension(file), Convert.ToHexStringLower(SHA256.HashData(payload)));

        // What the document lists by its hash is what was signed, too.
        var listed = document.RootElement.GetProperty("chunks").EnumerateArray().Select(c => c.GetProperty("sha256").GetString()!).ToList();
        var chunks = listed.ConvertAll(c => File.ReadAllBytes(Path.Combine(catalog, "chunks", c + ".json")));
        Assert.Equal(listed, chunks.Select(c => Convert.ToHexStringLower(SHA256.HashData(c))));
        var value = chunks.Select(c => JsonNode.Parse(c)!).SelectMany(c => c["entries"]!.AsArray())
            .Single(e => e!["key"]!.GetValue<string>().StartsWith("iso:", StringComparison.Ordinal))!["value"]!;
        Assert.Equal(image.Sha256.ToString(), value["sha256"]!.GetValue<string>());
        Assert.Equal(image.InfoV1.ToString(), value["infoV1"]!.GetValue<string>());

        async Task<string> Verify(byte[] signed)
        {
            var pae = Path.Combine(site.Root, "pae");
            await File.WriteAllBytesAsync(pae, [.. Encoding.UTF8.GetBytes($"DSSEv1 {type.Length} {type} {signed.Length} "), .. signed], Cancel);
            var result = await Counterpart.RunAsync("openssl", ["dgst", "-sha256", "-verify", publicKey, "-signature", signature, pae], Cancel);
            return result.Output + result.Error;
        }
    }

    [Fact]
    public async Task A_site_starts_again_on_its_very_first_document()
    {
        await using var site = await TestSite.StartAsync(Cancel);
        var image = await ApiCaller.AddAsync(site, "one.iso", 1);
        await site.StopAsync();
        await site.StartAgainAsync(Cancel);

        Assert.Equal(image.InfoV1, (await site.Client.GetImageAsync("one.iso", Cancel)).InfoV1);
        Assert.True(await site.ListsAsync("bmc", image.Id, Cancel));
    }
}
