using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using IsoCatalog.Client;

namespace IsoCatalog.Appliance.Commands;

/// <summary>A verb whose help ends with examples.</summary>
internal sealed class Verb(string name, string description, params string[] examples) : Command(name, description)
{
    public IReadOnlyList<string> Examples => examples;

    /// <summary>Something that must hold between options. It is not asked where one of them cannot be read: that is said already.</summary>
    public void Rule(Action<CommandResult> rule) => Validators.Add(result =>
    {
        try
        {
            rule(result);
        }
        catch (InvalidOperationException)
        {
            // What the library throws for a value that it has reported.
        }
    });

    /// <summary>Runs what a verb does, and turns every failure into words on stderr (with --json also an object on stdout) and an exit code.</summary>
    public static async Task<int> RunAsync(Screen screen, Func<Task<int>> work)
    {
        try
        {
            return await work();
        }
        catch (ApplianceException refused)
        {
            screen.Error(refused.Problem);
            return ExitCode.Of(refused.Problem);
        }
        catch (ApplianceUnreachableException unreachable)
        {
            screen.Error(ProblemOf(unreachable));
            return ExitCode.Of(unreachable);
        }
        catch (VerbException ended)
        {
            screen.Error(ended.Problem);
            return ended.ExitCode;
        }
        catch (OperationCanceledException)
        {
            screen.Cancelled("cancelled");
            return ExitCode.Cancelled;
        }
        catch (Exception broken) when (broken is IOException or UnauthorizedAccessException)
        {
            screen.Error(new VerbException(ExitCode.Unexpected, "unexpected", broken.Message).Problem);
            return ExitCode.Unexpected;
        }
    }

    public static Problem ProblemOf(ApplianceUnreachableException unreachable) => new VerbException(
        ExitCode.Unreachable,
        unreachable.Reason is UnreachableReason.NotPermitted ? "not-permitted" : "unreachable",
        unreachable.Message).Problem;
}

/// <summary>The library's help, then the examples of the verb.</summary>
internal sealed class HelpWithExamples(HelpAction help) : SynchronousCommandLineAction
{
    public override bool Terminating => help.Terminating;

    public override bool ClearsParseErrors => help.ClearsParseErrors;

    public override int Invoke(ParseResult parseResult)
    {
        var result = help.Invoke(parseResult);
        if (parseResult.CommandResult.Command is Verb { Examples.Count: > 0 } verb)
        {
            var output = parseResult.InvocationConfiguration.Output;
            output.WriteLine("Examples:");
            foreach (var example in verb.Examples)
            {
                output.WriteLine("  " + example);
            }

            output.WriteLine();
        }

        return result;
    }
}
