using System.Security.Cryptography;

namespace IsoCatalog.Appliance.Web;

/// <summary>The files that the page is made of beside its HTML; they are part of the program.</summary>
internal static class PageAssets
{
    private static readonly Dictionary<string, (string Type, byte[] Bytes)> Files = new(StringComparer.Ordinal)
    {
        ["page.css"] = ("text/css; charset=utf-8", Read("page.css")),
        ["live.js"] = ("text/javascript; charset=utf-8", Read("live.js")),
        ["icon.svg"] = ("image/svg+xml", Read("icon.svg")),
    };

    /// <summary>Changes with any of them; a page of another version is loaded anew.</summary>
    public static string Version { get; } = Convert.ToHexStringLower(SHA256.HashData([.. Files.Values.SelectMany(f => f.Bytes)]).AsSpan(0, 6));

    public static string Address(string name) => $"/assets/{name}?v={Version}";

    public static IResult Get(string name, HttpContext http)
    {
        if (!Files.TryGetValue(name, out var file))
        {
            return Results.NotFound();
        }

        http.Response.Headers.CacheControl = "public, max-age=31536000, immutable";
        http.Response.Headers.XContentTypeOptions = "nosniff";
        return Results.Bytes(file.Bytes, file.Type);
    }

    private static byte[] Read(string name)
    {
        using var stream = typeof(PageAssets).Assembly.GetManifestResourceStream("web/" + name)
            ?? throw new InvalidOperationException($"{name} is not part of this build.");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
