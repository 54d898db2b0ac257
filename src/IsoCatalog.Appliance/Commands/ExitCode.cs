namespace IsoCatalog.Appliance.Commands;
internal static class ExitCode { public const int Ok = 0; public const int Unexpected = 1; public const int ConfigurationInvalid = 3; public const int TimedOut = 10; }
