using System.Globalization;
using System.Xml;
using System.Xml.Linq;
using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Core.Images;

/// <summary>
/// Collects rules from the files of osinfo-db (its schema is osinfo.rng): of each <c>os</c> what it is, and by which <c>iso</c> its media are told; of each <c>datamap</c> what it translates. Files
/// may come in any order, and a later one adds to what an earlier one says of the same system. Everything else in them is passed over. Not thread-safe.
/// </summary>
public sealed class OsinfoXml
{
    /// <summary>Characters of one file; the largest of osinfo-db have 60,000.</summary>
    public const int MaxCharacters = 1 << 20;

    /// <summary>Of all files together; osinfo-db has 2,100.</summary>
    public const int MaxRules = 20_000;

    private const int MaxDepth = 32;

    /// <summary>What may be signed in a description, with room to spare.</summary>
    private const int MaxText = 100;

    private static readonly XmlReaderSettings Settings = new()
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        MaxCharactersInDocument = MaxCharacters,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,
        IgnoreWhitespace = true,
    };

    private readonly Dictionary<string, Said> _systems = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IReadOnlyDictionary<string, string>> _maps = new(StringComparer.Ordinal);
    private int _rules;

    /// <returns>What is wrong with single rules, which are left out; all others of the file are taken.</returns>
    /// <exception cref="XmlException">It is no such file; nothing of it was taken.</exception>
    public IReadOnlyList<string> Add(Stream file)
    {
        var root = Load(file);
        var problems = new List<string>();
        foreach (var map in root.Elements("datamap"))
        {
            if (map.Attribute("id") is { Value: var id })
            {
                _maps[id] = map.Elements("entry").Where(e => e.Attribute("inval") is not null && e.Attribute("outval") is not null)
                    .GroupBy(e => e.Attribute("inval")!.Value, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Last().Attribute("outval")!.Value, StringComparer.Ordinal);
            }
        }

        foreach (var os in root.Elements("os"))
        {
            if (os.Attribute("id") is { Value: var id })
            {
                Add(id, os, problems);
            }
        }

        return problems;
    }

    /// <summary>In the order of the systems' ids and, within one, of its media.</summary>
    public IReadOnlyList<ImageRule> Rules() =>
        [.. _systems.OrderBy(s => s.Key, StringComparer.Ordinal).Where(s => s.Value.Name is not null).SelectMany(s => RulesOf(s.Key, s.Value))];

    private static XElement Load(Stream file)
    {
        using var reader = XmlReader.Create(file, Settings);
        var root = new XElement("nothing");
        var open = root;
        while (reader.Read())
        {
            if (reader.Depth > MaxDepth)
            {
                throw new XmlException($"It has more than {MaxDepth} levels.");
            }

            switch (reader.NodeType)
            {
                case XmlNodeType.Element:
                    var element = new XElement(reader.LocalName);
                    var isEmpty = reader.IsEmptyElement;
                    while (reader.MoveToNextAttribute())
                    {
                        element.SetAttributeValue(reader.LocalName, reader.Value);
                    }

                    open.Add(element);
                    open = isEmpty ? open : element;
                    break;
                case XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.SignificantWhitespace:
                    open.Add(new XText(reader.Value));
                    break;
                case XmlNodeType.EndElement:
                    open = open.Parent!;
                    break;
            }
        }

        return root.Element("libosinfo") ?? throw new XmlException("Its root element is not libosinfo.");
    }

    private void Add(string id, XElement os, List<string> problems)
    {
        var said = _systems.TryGetValue(id, out var known) ? known : _systems[id] = new Said();
        said.Name = English(os, "name") ?? said.Name;
        said.Family = Text(os, "family") ?? said.Family;
        said.Distro = Text(os, "distro") ?? said.Distro;
        said.Version = Text(os, "version") ?? said.Version;
        said.Status = Text(os, "release-status") ?? said.Status;
        foreach (var variant in os.Elements("variant"))
        {
            if (variant.Attribute("id") is { Value: var variantId } && English(variant, "name") is { } name)
            {
                said.Variants[variantId] = name;
            }
        }

        foreach (var iso in os.Elements("media").SelectMany(m => m.Elements("iso")))
        {
            if (_rules >= MaxRules)
            {
                problems.Add($"there are more than {MaxRules} rules in all; those from {id} on are left out");
                return;
            }

            if (Read(iso, problems) is { SaysSomething: true } rule)
            {
                said.Media.Add((rule, iso.Parent!));
                _rules++;
            }
        }
    }

    /// <returns>What the volume descriptor must say; null where that is not understood.</returns>
    private static ImageRule? Read(XElement iso, List<string> problems)
    {
        var wrong = false;
        var size = 0L;
        if (Text(iso, "volume-size") is { } bytes && !long.TryParse(bytes, NumberStyles.None, CultureInfo.InvariantCulture, out size))
        {
            problems.Add($"the volume-size '{bytes}' is no number");
            wrong = true;
        }

        var language = iso.Element("l10n-language");
        var isPattern = (string?)language?.Attribute("regex") == "true";
        var rule = new ImageRule
        {
            Product = new KnownProduct("", "", null, null, null),
            VolumeId = Pattern("volume-id"),
            SystemId = Pattern("system-id"),
            PublisherId = Pattern("publisher-id"),
            ApplicationId = Pattern("application-id"),
            VolumeSize = Math.Max(0, size),
            Language = isPattern ? Pattern("l10n-language") : null,
        };
        return wrong ? null : rule;

        RulePattern? Pattern(string name)
        {
            if (iso.Element(name)?.Value is not { Length: > 0 } text)
            {
                return null;
            }

            if (!RulePattern.TryParse(text, out var pattern, out var problem))
            {
                problems.Add($"the {name} '{(text.Length > 80 ? text[..80] + "..." : text)}' is not understood: {problem}");
                wrong = true;
            }

            return pattern;
        }
    }

    private IEnumerable<ImageRule> RulesOf(string id, Said said)
    {
        var product = Product(id, said);
        foreach (var (rule, media) in said.Media)
        {
            var arch = IsoText.Clean((string?)media.Attribute("arch"));
            var language = media.Element("iso")?.Element("l10n-language");
            yield return rule with
            {
                Product = product,
                Arch = arch is "" or "all" || arch.Length > MaxText ? null : arch,
                Kind = (string?)media.Attribute("live") == "true" ? "live" : (string?)media.Attribute("installer") == "false" ? null : "installer",
                Edition = (string?)media.Element("variant")?.Attribute("id") is { } variant ? EditionName.Of(product.Name, variant, said.Variants.GetValueOrDefault(variant)) : null,
                LanguageNames = _maps.GetValueOrDefault((string?)language?.Attribute("l10n-language-map") ?? ""),
                IsVague = arch == "all" || said.Status is not null || product.Version is null,
            };
        }
    }

    private static KnownProduct Product(string id, Said said)
    {
        var family = said.Family is null ? null : OsName.Usual(said.Family);
        var distro = said.Distro is null ? null : OsName.Usual(said.Distro);
        var words = said.Name!.Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(w => !w.Equals("unknown", StringComparison.OrdinalIgnoreCase)).ToList();
        var version = said.Version?.Contains("unknown", StringComparison.OrdinalIgnoreCase) == true ? null : said.Version;
        if (family == OsName.Windows)
        {
            // The name has the version that people know, and the version is that of the kernel.
            words.RemoveAll(w => w == "Microsoft");
            var isServer = words.Contains("Server");
            distro = isServer ? WindowsLabel.Server : OsName.Windows;
            version = string.Join(' ', words.Where(w => w is not ("Windows" or "Server"))) is { Length: > 0 } known ? known : null;
        }

        return new KnownProduct(id, string.Join(' ', words), family, distro, version);
    }

    /// <summary>Where the file does not say that it is in another language.</summary>
    private static string? English(XElement parent, string name) => parent.Elements(name).FirstOrDefault(e => e.Attribute("lang") is null) is { } element ? Short(element.Value) : null;

    private static string? Text(XElement parent, string name) => parent.Element(name) is { } element ? Short(element.Value) : null;

    private static string? Short(string text) => IsoText.Clean(string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))) is { Length: > 0 and <= MaxText } clean ? clean : null;

    /// <summary>What the files say of one system.</summary>
    private sealed class Said
    {
        public string? Name { get; set; }

        public string? Family { get; set; }

        public string? Distro { get; set; }

        public string? Version { get; set; }

        public string? Status { get; set; }

        public Dictionary<string, string> Variants { get; } = new(StringComparer.Ordinal);

        public List<(ImageRule Rule, XElement Media)> Media { get; } = [];
    }
}
