using System.CommandLine;
using IsoCatalog.Appliance.Access;
using IsoCatalog.Appliance.Configuration;

namespace IsoCatalog.Appliance.Commands;

/// <summary><c>isocatalog token</c>: makes a bearer token. It is shown once and kept nowhere; the configuration holds its SHA-256.</summary>
internal static class TokenCommand
{
    public static Command Build()
    {
        var name = new Option<string>("--name") { HelpName = "NAME", Description = "What the log calls its user. Default: panel.", DefaultValueFactory = _ => "panel" };
        var role = Choice.Option<Role>("--role", "What its user may do: ask what can be mounted and hold it, change the catalog, or everything. Default: panel.");
        role.DefaultValueFactory = _ => Role.Panel;
        var json = new Option<bool>("--json") { Description = "Write one JSON object on stdout." };
        var command = new Verb(
            "token",
            "Make a bearer token for the API, and the line of the configuration that lets it in.",
            "isocatalog token --name panel --role panel")
        {
            name, role, json,
        };
        command.SetAction(parsed =>
        {
            var (text, sha256) = Token.Generate();
            var (user, may) = (parsed.GetRequiredValue(name), parsed.GetRequiredValue(role).ToString().ToLowerInvariant());
            if (parsed.GetValue(json))
            {
                Console.Out.WriteLine(System.Text.Json.JsonSerializer.Serialize(
                    new NewToken(user, may, text, sha256.ToString()), StartJson.Readable.NewToken));
                return ExitCode.Ok;
            }

            Console.Out.WriteLine($"Token (shown only now): {text}");
            Console.Out.WriteLine($"Under tokens in the configuration:  - {{ name: {user}, role: {may}, sha256: \"{sha256}\" }}");
            return ExitCode.Ok;
        });
        return command;
    }
}

internal sealed record NewToken(string Name, string Role, string Token, string Sha256);
