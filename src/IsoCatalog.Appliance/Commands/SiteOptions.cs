using System.CommandLine;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Client;

namespace IsoCatalog.Appliance.Commands;

/// <summary>The options of every verb that talks to a site: which one, and how to answer.</summary>
internal sealed class SiteOptions
{
    private readonly CommandDefaults _defaults;

    private readonly Option<string?> _socket = new("--socket")
    {
        Description = "The Unix socket of the site on this machine. Default: $ISOCATALOG_SOCKET, else what the configuration says.",
        HelpName = "PATH",
    };

    private readonly Option<string?> _config;

    private readonly Option<string?> _server = new("--server")
    {
        Description = "A site over the network, such as https://isos.example.com:8443.",
        HelpName = "URL",
    };

    private readonly Option<string?> _tokenFile = new("--token-file")
    {
        Description = "With --server: a file that holds the bearer token.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _caFile = new("--ca-file")
    {
        Description = "With --server: PEM certificates that the site's certificate must lead to. Default: the system's.",
        HelpName = "FILE",
    };

    private readonly Option<bool> _json = new("--json") { Description = "Write JSON on stdout, one object a line." };

    private readonly Option<bool> _quiet = new("--quiet", "-q") { Description = "Write only ids, one a line, and errors." };

    private SiteOptions(CommandDefaults defaults)
    {
        _defaults = defaults;
        _config = new Option<string?>("--config")
        {
            Description = $"The site's configuration, where its socket is named. Default: $ISOCATALOG_CONFIG, else {DefaultPaths.Configuration}.",
            HelpName = "FILE",
        };
    }

    public static SiteOptions On(Command verb, CommandDefaults defaults)
    {
        var options = new SiteOptions(defaults);
        foreach (var option in (Option[])[options._socket, options._config, options._server, options._tokenFile, options._caFile, options._json, options._quiet])
        {
            verb.Options.Add(option);
        }

        return options;
    }

    /// <summary>Runs a verb against the site that the command line names.</summary>
    public Task<int> RunAsync(ParseResult parsed, Func<Session, Task<int>> verb)
    {
        var screen = new Screen(parsed.GetValue(_json), parsed.GetValue(_quiet));
        return Verb.RunAsync(screen, async () =>
        {
            using var site = Open(parsed, screen);
            return await verb(new Session(site, screen, _defaults.Time, IsLocal: parsed.GetValue(_server) is null));
        });
    }

    /// <summary>The site that a command line names which is still being typed, by whichever of these options its verb has.</summary>
    public static IApplianceClient Open(ParseResult typed, CommandDefaults defaults)
    {
        return Open(Of("--socket"), Of("--config"), Of("--server"), Of("--token-file"), Of("--ca-file"), new Screen(json: false, quiet: true), defaults, retries: 0);

        string? Of(string name) => typed.CommandResult.Command.Options.OfType<Option<string?>>().FirstOrDefault(o => o.Name == name) is { } option
            && typed.GetResult(option) is { Implicit: false } ? typed.GetValue(option) : null;
    }

    private IApplianceClient Open(ParseResult parsed, Screen screen) => Open(
        parsed.GetValue(_socket), parsed.GetValue(_config), parsed.GetValue(_server), parsed.GetValue(_tokenFile), parsed.GetValue(_caFile), screen, _defaults);

    private static IApplianceClient Open(string? socket, string? config, string? server, string? tokenFile, string? caFile, Screen screen, CommandDefaults defaults, int? retries = null)
    {
        if (server is not null)
        {
            return socket is null && config is null
                ? RemoteSite.Open(server, tokenFile, caFile, screen, defaults.Time)
                : throw VerbException.Usage("--server names a site over the network, --socket and --config one on this machine. Give one of them.");
        }

        return tokenFile is null && caFile is null
            ? ApplianceClient.OverSocket(Socket(socket, config, defaults), retries is { } most ? new ApplianceClientOptions { Time = defaults.Time, Retries = most } : new ApplianceClientOptions { Time = defaults.Time })
            : throw VerbException.Usage("--token-file and --ca-file go with --server; the socket on this machine asks for no token.");
    }

    private static string Socket(string? socket, string? config, CommandDefaults defaults)
    {
        if (socket is "" || config is "")
        {
            throw VerbException.Usage("--socket and --config need a path that is not empty.");
        }

        if ((socket ?? (config is null ? defaults.Socket : null)) is { } named)
        {
            return named;
        }

        var result = ConfigurationFile.Load(config ?? defaults.Config);
        if (result is ConfigurationResult.Loaded { Configuration: var site })
        {
            return site.Socket;
        }

        var problems = ((ConfigurationResult.Invalid)result).Problems;
        throw new VerbException(
            ExitCode.ConfigurationInvalid,
            "configuration-invalid",
            "The site's socket is not known. " + problems[0].Describe(result.FileName)
            + (problems.Count > 1 ? $" ({problems.Count - 1} more: isocatalog check-config {result.FileName})" : "")
            + " Or name the socket with --socket, or a site over the network with --server.");
    }
}

/// <summary>What a verb works with.</summary>
/// <param name="IsLocal">The site runs on this machine and can read its files.</param>
internal sealed record Session(IApplianceClient Site, Screen Screen, TimeProvider Time, bool IsLocal);
