using IsoCatalog.Testing;

namespace IsoCatalog.Tests.Images;

/// <summary>What <c>isoinfo -d</c> (cdrkit) says about an image.</summary>
internal sealed class IsoinfoReport
{
    private readonly string _text;

    private IsoinfoReport(string text) => _text = text;

    public bool Joliet => _text.Contains("Joliet with UCS level", StringComparison.Ordinal);

    public bool RockRidge => _text.Contains("Rock Ridge signatures version", StringComparison.Ordinal);

    public long DeclaredSize => long.Parse(this["Volume size is"]) * long.Parse(this["Logical block size is"]);

    public string this[string name] =>
        _text.Split('\n').Single(line => line.StartsWith(name + ":", StringComparison.Ordinal))[(name.Length + 1)..].Trim();

    public static async Task<IsoinfoReport> OfAsync(string path, CancellationToken cancellationToken) =>
        new((await Counterpart.RunAsync("isoinfo", ["-d", "-i", path], cancellationToken)).Succeeded());
}
