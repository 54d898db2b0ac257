using System.CommandLine;
using IsoCatalog.Appliance.Documents;
using IsoCatalog.Core.Trust;

namespace IsoCatalog.Appliance.Commands;

/// <summary>The options of a verb that signs with root keys.</summary>
internal sealed class RootKeyOptions
{
    private readonly Option<string[]> _rootKeys = new("--root-key")
    {
        HelpName = "PATH",
        Description = "A root key; several times for several.",
        Required = true,
    };

    private readonly Option<string?> _draft = new("--draft")
    {
        HelpName = "FILE",
        Description = "Do not install the document; write it there, for other holders to sign. By itself where signatures are missing: trust-N.json.",
    };

    public RootKeyOptions(Command verb, bool draft = true)
    {
        verb.Options.Add(_rootKeys);
        if (draft)
        {
            verb.Options.Add(_draft);
        }
    }

    public string? Draft(ParseResult parsed) => parsed.GetValue(_draft);

    public Envelope With(ParseResult parsed, Func<IReadOnlyList<SigningKey>, Envelope> sign)
    {
        var roots = new List<SigningKey>();
        try
        {
            foreach (var path in parsed.GetRequiredValue(_rootKeys))
            {
                roots.Add(RootKeyFile.Load(path));
            }

            return sign(roots);
        }
        finally
        {
            roots.ForEach(r => r.Dispose());
        }
    }
}
